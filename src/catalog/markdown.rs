//! Texts as they may stand in Markdown, by who wrote them.
//!
//! Pure. A plan's own texts may hold Markdown; what a source or a server says may not.

use std::fmt::{self, Write};

use crate::feature::visible;

/// Text of the pipeline's own as it may stand in a cell of a Markdown table.
pub(super) fn table_cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // `|` ends a cell wherever it stands, also within a code span; `<` may begin HTML.
    visible(&line).replace('|', "\\|").replace('<', "\\<")
}

/// Text that may be anybody's: on one line, and none of it Markdown or HTML.
pub(super) fn plain_prose(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Whatever may open markup is escaped wherever it stands: what would be left alone depends on what surrounds it, and
    // renderers differ in that.
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    visible(&out).into_owned()
}

/// A description as its author wrote it, without HTML.
pub(super) fn write_description(out: &mut String, text: &str) -> fmt::Result {
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}\n", visible(&text.replace('<', "\\<")))
}
