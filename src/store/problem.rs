//! What can be found wrong with a release: a path in it, and the kind of the difference.

use std::fmt;

/// A difference between a release and its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path relative to the release.
    pub path: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// Kind of a difference between a release and its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// In the manifest, not on disk.
    Missing,
    /// On disk, not in the manifest.
    Extra,
    /// Another size.
    Bytes {
        /// Size by the manifest.
        expected: u64,
        /// Size on disk.
        found: u64,
    },
    /// Another content.
    Sha256 {
        /// Digest by the manifest.
        expected: String,
        /// Digest on disk.
        found: String,
    },
    /// A link, device or the like.
    NotAFile,
    /// The manifest names a path outside the release.
    Escapes,
    /// The manifest names the path twice.
    Twice,
    /// It can't be read; the text says why.
    Unreadable(String),
    /// A record tells other than the manifest; the text says what.
    Told(String),
}

impl Problem {
    pub(super) fn new(path: &str, kind: ProblemKind) -> Self {
        Self {
            path: path.to_owned(),
            kind,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind)
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Extra => f.write_str("not in the manifest"),
            Self::Bytes { expected, found } => write!(f, "{found} bytes, should be {expected}"),
            Self::Sha256 { expected, found } => write!(f, "sha256 {found}, should be {expected}"),
            Self::NotAFile => f.write_str("a link or not a regular file"),
            Self::Escapes => f.write_str("the manifest names a path outside the release"),
            Self::Twice => f.write_str("the manifest names it twice"),
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::Told(what) => f.write_str(what),
        }
    }
}
