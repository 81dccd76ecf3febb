//! Checks of single values, each with a way out.
//!
//! A value that fails is reported and replaced by a stand-in: a plan with any error is never
//! handed out, so checking can go on to the last value.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::config::{Diagnostic, Span, Spanned, TextFile, did_you_mean, known_names_hint};
use crate::feature::Crs;

/// What was found so far.
pub(super) struct Check<'a> {
    pub(super) found: &'a mut Vec<Diagnostic>,
}

/// A number that may be written: its key, where it lies, and what stands for it where it isn't.
pub(super) struct Bounds<T> {
    pub(super) key: &'static str,
    pub(super) range: RangeInclusive<T>,
    pub(super) default: T,
}

/// What an identifier looks like, as a pattern.
pub(super) const IDENTIFIER: &str = "^[a-z][a-z0-9_]*$";

/// Characters of an identifier, at most.
pub(super) const LONGEST_ID: usize = 100;

/// What a CRS looks like, as a pattern.
pub(super) const CRS: &str = "^(OGC:CRS84|(EPSG|ESRI):[0-9]{1,9})$";

/// Text that was written, or was reported as absent.
pub(super) fn text_or_empty(written: Option<&Spanned<String>>) -> String {
    written.map(|text| text.value.clone()).unwrap_or_default()
}

/// Text that may be absent.
pub(super) fn optional_text(written: Option<&Spanned<String>>) -> Option<String> {
    written.map(|text| text.value.clone())
}

/// Values of a list.
pub(super) fn plain_texts(written: &[Spanned<String>]) -> Vec<String> {
    written.iter().map(|text| text.value.clone()).collect()
}

/// Whether text is an identifier, as [`IDENTIFIER`] says.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl Check<'_> {
    /// Reports an error; the caller may add a label or help.
    pub(super) fn error(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push_diagnostic(Diagnostic::error(&span.file, Some(span.clone()), message))
    }

    /// Reports a warning; the caller may add a label or help.
    pub(super) fn warning(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.push_diagnostic(Diagnostic::warning(&span.file, Some(span.clone()), message))
    }

    /// Reports an error of the file as a whole; the caller may add help.
    pub(super) fn file_error(&mut self, file: &Arc<TextFile>, message: impl Into<String>) -> &mut Diagnostic {
        self.push_diagnostic(Diagnostic::error(file, None, message))
    }

    fn push_diagnostic(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.found.push(diagnostic);
        self.found.last_mut().expect("just pushed")
    }

    /// An identifier, lower snake case.
    pub(super) fn identifier(&mut self, what: &str, written: Option<&Spanned<String>>) -> String {
        if let Some(id) = written.filter(|id| !is_identifier(&id.value)) {
            let help = "use lower-case letters, digits and `_`, starting with a letter";
            self.error(&id.span, format!("`{}` cannot be {what}", id.value))
                .help = Some(help.to_owned());
        }
        // Ids name files, and systems let these be so long.
        if let Some(id) = written.filter(|id| id.value.len() > LONGEST_ID) {
            let message = format!(
                "{what} has {LONGEST_ID} characters at most, and this one {}",
                id.value.len()
            );
            self.error(&id.span, message);
        }
        text_or_empty(written)
    }

    /// Reports a name that is not among the known ones; an empty list knows nothing and checks nothing.
    pub(super) fn require_among<'k>(
        &mut self,
        what: &str,
        written: &Spanned<String>,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        // An empty list is most often a table that could not be read, of which there is a report already.
        if known.is_empty() || known.contains(&written.value.as_str()) {
            return;
        }
        self.error(&written.span, format!("`{}` is not {what}", written.value))
            .label = known_names_hint(&written.value, known);
    }

    /// One of some words, and what it stands for.
    pub(super) fn choice<T: Clone>(
        &mut self,
        what: &str,
        written: Option<&Spanned<String>>,
        known: &[(&str, T)],
    ) -> Option<T> {
        let written = written?;
        // None for a word that isn't known: that is reported here, and what hangs on it is not judged.
        self.require_among(what, written, known.iter().map(|(word, _)| *word));
        known
            .iter()
            .find(|(word, _)| *word == written.value)
            .map(|(_, meaning)| meaning.clone())
    }

    /// A value in a range, or the default.
    pub(super) fn in_range_or_default<T: PartialOrd + std::fmt::Display + Copy>(
        &mut self,
        written: Option<&Spanned<T>>,
        Bounds { key, range, default }: &Bounds<T>,
    ) -> T {
        let Some(written) = written else { return *default };
        if range.contains(&written.value) {
            return written.value;
        }
        let message = format!(
            "`{key}` is {}, outside {} to {}",
            written.value,
            range.start(),
            range.end()
        );
        self.error(&written.span, message);
        *default
    }

    /// A count in a range, or the default.
    pub(super) fn count_in_range(&mut self, written: Option<&Spanned<i64>>, bounds: &Bounds<i64>) -> usize {
        usize::try_from(self.in_range_or_default(written, bounds)).unwrap_or(usize::MAX)
    }

    /// Reports every name that repeats an earlier one, upper and lower case alike.
    pub(super) fn report_repeats_in_any_case<'w>(
        &mut self,
        what: &str,
        written: impl IntoIterator<Item = &'w Spanned<String>>,
    ) {
        // Ids name files and columns, and not every file system or reader tells cases apart.
        let mut seen: Vec<&str> = Vec::new();
        for name in written {
            match seen
                .iter()
                .find(|earlier| earlier.eq_ignore_ascii_case(&name.value))
            {
                Some(earlier) if *earlier == name.value => {
                    self.error(&name.span, format!("{what} `{}` is written twice", name.value));
                }
                Some(earlier) => {
                    let message = format!("{what} `{}` differs from `{earlier}` only in case", name.value);
                    self.error(&name.span, message);
                }
                None => seen.push(&name.value),
            }
        }
    }

    /// A CRS: `OGC:CRS84`, or `EPSG` or `ESRI` and a code, as [`CRS`] says.
    pub(super) fn written_crs(&mut self, written: Option<&Spanned<String>>) -> Option<Crs> {
        let written = written?;
        let crs = Crs::of_word(&written.value);
        if crs.is_none() {
            // `epsg:4326`, or blanks around it, is a slip with one way out; anything else gets the help alone.
            let upper = written.value.trim().to_ascii_uppercase();
            let near = Crs::of_word(&upper).and_then(|_| did_you_mean(&written.value, [upper.as_str()]));
            let diagnostic = self.error(&written.span, format!("`{}` is not a CRS", written.value));
            diagnostic.label = near;
            diagnostic.help = Some("write `OGC:CRS84`, `EPSG:<code>` or `ESRI:<code>`".to_owned());
        }
        crs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crs_names_its_authority() {
        assert_eq!(Crs::of_word("OGC:CRS84"), Some(Crs::Crs84));
        assert_eq!(
            Crs::of_word("ESRI:102100"),
            Some(Crs::Code("ESRI:102100".to_owned()))
        );
        for wrong in [
            "4326",
            "epsg:4326",
            "EPSG:",
            "EPSG:4326x",
            "OGC:CRS83",
            "EPSG: 4326",
            "",
        ] {
            assert_eq!(Crs::of_word(wrong), None, "{wrong}");
        }
    }
}
