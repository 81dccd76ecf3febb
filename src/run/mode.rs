//! How a run goes about it: what its caller chooses beyond the plan.

use std::path::Path;

use crate::source::Program;

/// How a run goes about it.
///
/// ```
/// let mode = cikr::run::Mode { offline: true, ..Default::default() };
/// assert!(!mode.rebuild && mode.scratch.is_none() && mode.reader.is_none());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Mode<'a> {
    /// Fetch nothing: what was landed last is used.
    pub offline: bool,
    /// Make every layer again, changed or not.
    pub rebuild: bool,
    /// Folder for scratch files; in the store where none is named.
    pub scratch: Option<&'a Path>,
    /// What is started to read a source in a process of its own; none to read all in this one.
    pub reader: Option<&'a Program>,
}
