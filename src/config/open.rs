//! Opens the text files that people write.
//!
//! LEAF. For reading only, and never more of a file than its limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::text::{Span, TextFile};

impl TextFile {
    /// Reads a UTF-8 file of at most `limit` bytes.
    ///
    /// ```
    /// use cikr::config::TextFile;
    ///
    /// let file = TextFile::open("schemas/hospitals.toml".as_ref(), 1 << 20).unwrap();
    /// assert_eq!(file.name, "schemas/hospitals.toml");
    /// let refused = TextFile::open("schemas".as_ref(), 1 << 20).unwrap_err();
    /// assert_eq!(refused.message, "cannot read `schemas`: not a regular file");
    /// ```
    ///
    /// # Errors
    /// Says why the file cannot be used: absent, unreadable, too large, not UTF-8.
    pub fn open(path: &Path, limit: u64) -> Result<Arc<Self>, Diagnostic> {
        let name = path.display().to_string();
        let bytes = read_at_most(path, limit).map_err(|error| {
            let message = format!("cannot read `{name}`: {}", io_reason(&error));
            unusable(&name, String::new(), None, message)
        })?;
        if bytes.len() as u64 > limit {
            let message = format!("`{name}` is larger than {limit} bytes");
            return Err(unusable(&name, String::new(), None, message));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Arc::new(Self::new(name, text))),
            Err(error) => {
                // What comes before is kept, so that the byte's line and column can be counted.
                let valid = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let message = format!("`{name}` is not UTF-8 text");
                Err(unusable(&name, text, Some(valid), message))
            }
        }
    }
}

/// A file that can't be used, at a byte of it or as a whole; `text` is what could be read.
fn unusable(name: &str, text: String, at: Option<usize>, message: String) -> Diagnostic {
    let file = Arc::new(TextFile::new(name.to_owned(), text));
    Diagnostic::error(&file, at.map(|at| Span::new(&file, at..at)), message)
}

/// The bytes of a file, one more than `limit` where it is longer.
fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Before it is opened: a pipe would wait for somebody to write.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    // A byte more than it may have tells a file that is too long from one that just fits.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why, as people say it; the same on every system.
fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_files_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let why = |name: &str, bytes: Option<&[u8]>| {
            let path = folder.path().join(name);
            if let Some(bytes) = bytes {
                fs::write(&path, bytes).unwrap();
            }
            let diagnostic = TextFile::open(&path, 8).unwrap_err();
            diagnostic
                .message
                .replace(&*folder.path().to_string_lossy(), "[TMP]")
        };
        assert_eq!(why("absent", None), "cannot read `[TMP]/absent`: no such file");
        assert_eq!(why("", None), "cannot read `[TMP]/`: not a regular file");
        assert_eq!(
            why("large", Some(b"123456789")),
            "`[TMP]/large` is larger than 8 bytes"
        );
        assert_eq!(
            why("latin", Some(b"a\n\xe9t\xe9")),
            "`[TMP]/latin` is not UTF-8 text"
        );
    }
}
