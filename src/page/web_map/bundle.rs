//! The page's script, its looks and its worker, as they were bundled when the program was built.
//!
//! LEAF. What they are bundled of lies in `src/page/browser`; `build.rs` embeds them.

include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

/// The files that stand beside `map/index.html`, by their names; none where the program was built without them.
///
/// ```
/// use cikr::page::web_map::bundled_files;
///
/// let names: Vec<&str> = bundled_files().iter().map(|(name, _)| *name).collect();
/// assert!(names.is_empty() || names == ["app.js", "app.css", "worker.js", "licences.txt"]);
/// ```
pub fn bundled_files() -> &'static [(&'static str, &'static [u8])] {
    BUNDLE
}
