//! Text files people write, and places in them.
//!
//! LEAF. Pure: `open` reads the files.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A place: byte offsets in a file. What is written is put together from several files, so that
/// every place says which it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// File it is in.
    pub file: Arc<TextFile>,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl Span {
    /// A place in a file.
    pub fn new(file: &Arc<TextFile>, bytes: Range<usize>) -> Self {
        Self {
            file: Arc::clone(file),
            start: bytes.start,
            end: bytes.end,
        }
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value and where it was written.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A text file and the name messages give it.
#[derive(Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Path as messages show it.
    pub name: String,
    /// Its content.
    pub text: String,
    /// Where each line starts.
    starts: Vec<usize>,
}

impl TextFile {
    /// A text under a name.
    pub fn new(name: String, text: String) -> Self {
        // Found once, for a place is asked for with every mistake and every cell of a table.
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { name, text, starts }
    }

    /// No file, for readers that read nothing.
    pub(super) fn empty() -> Arc<Self> {
        Arc::new(Self::new(String::new(), String::new()))
    }

    /// Line of a byte offset, from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    ///
    /// ```
    /// let file = cikr::config::TextFile::open("schemas/hospitals.toml".as_ref(), 1 << 20).unwrap();
    /// let second_line = file.text.find('\n').unwrap() + 1;
    /// assert_eq!(file.position(second_line), (2, 1));
    /// assert_eq!(file.line(second_line - 1), 1);
    /// ```
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let before = &self.text[self.starts[line - 1]..self.text.floor_char_boundary(offset)];
        (line, before.chars().count() + 1)
    }

    /// The whole lines that a place touches: where they start in the text, and their text.
    pub(super) fn whole_lines(&self, place: &Range<usize>) -> (usize, &str) {
        let start = self.starts[self.line(place.start) - 1];
        // The end is the byte after the place, and may stand on a line that the place doesn't touch.
        let last = self.line(place.end.saturating_sub(1).max(place.start));
        let end = self.starts.get(last).copied().unwrap_or(self.text.len());
        (start, &self.text[start..end])
    }
}

/// The path a file means by `written`: beside itself, with `..` removed from the text.
///
/// The result names both what is opened and what messages show, so that the two never differ.
///
/// ```
/// use std::path::Path;
///
/// use cikr::config::path_beside;
///
/// let path = path_beside(Path::new("pipelines/demo.toml"), "../sample-data/dams.csv");
/// assert_eq!(path, Path::new("sample-data/dams.csv"));
/// ```
pub fn path_beside(file: &Path, written: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in file.parent().unwrap_or(Path::new("")).join(written).components() {
        match part {
            Component::CurDir => {}
            // Where nothing in the text comes before it, `..` stays: a file system alone knows what is above.
            Component::ParentDir if matches!(path.components().next_back(), Some(Component::Normal(_))) => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    if path.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_their_file() {
        let of = |file: &str, written: &str| path_beside(Path::new(file), written).display().to_string();
        assert_eq!(
            of("pipelines/demo.toml", "../sample-data/x.csv"),
            "sample-data/x.csv"
        );
        assert_eq!(of("demo.toml", "./x.csv"), "x.csv");
        assert_eq!(of("demo.toml", "../x.csv"), "../x.csv");
        assert_eq!(of("../p/demo.toml", "../../x.csv"), "../../x.csv");
        assert_eq!(of("/a/demo.toml", "../../x.csv"), "/../x.csv");
        assert_eq!(of("a/demo.toml", "/data/x.csv"), "/data/x.csv");
        assert_eq!(of("a/demo.toml", ".."), ".");
    }

    #[test]
    fn positions_count_characters() {
        let file = TextFile::new(String::new(), "a\né = 1\n".to_owned());
        assert_eq!(file.position(0), (1, 1));
        assert_eq!(file.position(2), (2, 1));
        assert_eq!(file.position(5), (2, 3));
        assert_eq!(file.position(9), (3, 1));
        assert_eq!(file.whole_lines(&(2..3)), (2, "é = 1\n"));
        assert_eq!(file.whole_lines(&(0..4)), (0, "a\né = 1\n"));
        assert_eq!(file.whole_lines(&(9..9)), (9, ""));
    }
}
