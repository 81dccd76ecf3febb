//! One mistake in what people wrote.
//!
//! LEAF. Holds facts; `render` turns them into text.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::text::{Span, TextFile};

/// Whether a mistake stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

/// A mistake, where it stands and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the run.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// File it stands in.
    pub file: Arc<TextFile>,
    /// Where in the file; none for the file as a whole.
    pub span: Option<Span>,
    /// Words beside the caret.
    pub label: Option<String>,
    /// The way out.
    pub help: Option<String>,
    /// Whether the text could not be parsed here, so that further findings on the line mean nothing.
    pub(super) syntax: bool,
}

impl Diagnostic {
    /// A mistake that stops the run: at `span` in its own file, or in `file` as a whole.
    pub fn error(file: &Arc<TextFile>, span: Option<Span>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, file, span, message.into())
    }

    /// Something that looks wrong but has a meaning, placed like an error.
    pub fn warning(file: &Arc<TextFile>, span: Option<Span>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, file, span, message.into())
    }

    /// Whether it stops the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    fn new(severity: Severity, file: &Arc<TextFile>, span: Option<Span>, message: String) -> Self {
        // A place knows its file, for what is written is put together from several: a block's mistake is told of
        // the block.
        let file = Arc::clone(span.as_ref().map_or(file, |span| &span.file));
        Self {
            severity,
            message,
            file,
            span,
            label: None,
            help: None,
            syntax: false,
        }
    }

    /// First line it touches, from 1.
    fn first_line(&self) -> Option<usize> {
        self.span.as_ref().map(|span| self.file.line(span.start))
    }
}

/// Puts findings in reading order: the file `first`, then files as first met, then by place.
///
/// Where a line could not be parsed, only the first syntax error on it is kept: whatever else was
/// found there follows from it.
pub fn in_reading_order(mut found: Vec<Diagnostic>, first: &str) -> Vec<Diagnostic> {
    // As first met, not by name: a schema's mistakes stand where the pipeline came to it.
    let mut files = vec![first.to_owned()];
    for diagnostic in &found {
        if !files.contains(&diagnostic.file.name) {
            files.push(diagnostic.file.name.clone());
        }
    }
    // Of a line the syntax error comes first, so that it is known when what follows from it is dropped.
    found.sort_by_cached_key(|d| {
        (
            files.iter().position(|file| *file == d.file.name),
            d.first_line(),
            !d.syntax,
            d.span.as_ref().map(|s| s.start),
        )
    });
    let mut broken = BTreeSet::new();
    found.retain(|diagnostic| {
        let place = (diagnostic.file.name.clone(), diagnostic.first_line());
        if diagnostic.syntax {
            broken.insert(place)
        } else {
            !broken.contains(&place)
        }
    });
    without_repeats(found)
}

/// Every finding of a sorted list once: a file that many others include is looked at for each of them.
fn without_repeats(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told: Vec<Diagnostic> = Vec::new();
    for diagnostic in found {
        // In reading order what repeats a finding stands among those of the same place, just before.
        let mut here = told
            .iter()
            .rev()
            .take_while(|other| other.span == diagnostic.span);
        if !here.any(|other| *other == diagnostic) {
            told.push(diagnostic);
        }
    }
    told
}
