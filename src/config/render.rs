//! Mistakes as text for people and as records for programs.
//!
//! LEAF. Writes nowhere; the caller decides about streams and colour.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::diagnostic::{Diagnostic, Severity};

/// A mistake as `--format json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Path of the file.
    pub file: String,
    /// Line, from 1; none for the file as a whole.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// `error` or `warning`.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

/// The mistakes as records, in the order given.
///
/// ```
/// use cikr::plan::{Overrides, load};
///
/// let mistakes = load("pipelines/no_such.toml".as_ref(), &Overrides::default()).unwrap_err();
/// let finding = &cikr::config::findings(&mistakes)[0];
/// assert_eq!((finding.file.as_str(), finding.line), ("pipelines/no_such.toml", None));
/// ```
pub fn findings(diagnostics: &[Diagnostic]) -> Vec<Finding> {
    diagnostics.iter().map(to_finding).collect()
}

/// So many mistakes at most are shown to people.
const MOST: usize = 50;

/// The mistakes with their source lines, in rustc's style, a blank line between two; of very many the first ones, errors
/// before warnings.
///
/// ```
/// use cikr::plan::{Overrides, load};
///
/// let mistakes = load("pipelines/no_such.toml".as_ref(), &Overrides::default()).unwrap_err();
/// let text = cikr::config::render(&mistakes, false);
/// assert!(text.contains("cannot read `pipelines/no_such.toml`: no such file"));
/// ```
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    // Warnings get what errors leave of the room: with hundreds of either, the errors are what stops the run.
    let errors = diagnostics.iter().filter(|one| one.is_error()).count();
    let mut errors_left = errors.min(MOST);
    let mut warnings_left = MOST - errors_left;
    let mut blocks: Vec<String> = Vec::new();
    for diagnostic in diagnostics {
        let left = if diagnostic.is_error() {
            &mut errors_left
        } else {
            &mut warnings_left
        };
        if *left > 0 {
            *left -= 1;
            blocks.push(renderer.render(&[annotated(diagnostic)]) + "\n");
        }
    }
    let left = diagnostics.len() - blocks.len();
    if left > 0 {
        blocks.push(format!(
            "and {} more; `--format json` lists all\n",
            with_thousands(left)
        ));
    }
    blocks.join("\n")
}

/// A number with a comma between thousands.
fn with_thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

fn to_finding(diagnostic: &Diagnostic) -> Finding {
    let position = diagnostic
        .span
        .as_ref()
        .map(|span| diagnostic.file.position(span.start));
    // One text for programs: what stands at the caret is as much a way out as what stands below.
    let help: Vec<&str> = diagnostic
        .label
        .iter()
        .chain(&diagnostic.help)
        .map(String::as_str)
        .collect();
    Finding {
        file: diagnostic.file.name.clone(),
        line: position.map(|(line, _)| line),
        column: position.map(|(_, column)| column),
        severity: diagnostic.severity,
        message: diagnostic.message.clone(),
        help: (!help.is_empty()).then(|| help.join("; ")),
    }
}

fn annotated(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str());
    let file = &diagnostic.file;
    let group = match &diagnostic.span {
        Some(span) => {
            let (start, lines) = file.whole_lines(&(span.start..span.end));
            let place = AnnotationKind::Primary.span(span.start - start..span.end - start);
            let snippet = Snippet::source(lines)
                .line_start(file.line(span.start))
                .path(file.name.as_str());
            title.element(snippet.annotation(place.label(diagnostic.label.as_ref())))
        }
        // Without a place the file's name alone says where to look.
        None => title.element(Origin::path(file.name.as_str())),
    };
    group.elements(
        diagnostic
            .help
            .iter()
            .map(|help| Level::HELP.message(help.as_str())),
    )
}
