//! Why a page in protocol buffers can't be read.

use super::limits::MOST_COLUMNS;

/// What is wrong with a page; whose page it is, the caller knows.
///
/// ```
/// use cikr::fetch::arcgis::pbf::{PbfError, to_json};
///
/// // A length of 9 bytes, of which there is one.
/// let error = to_json(b"\x12\x09\x0a", 1 << 20).expect_err("it breaks off");
/// assert!(matches!(error, PbfError::Broken { at: 2 }));
/// assert_eq!(error.to_string(), "the protocol buffers break off or are damaged at byte 2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PbfError {
    /// The bytes break off, or are none of this format.
    #[error("the protocol buffers break off or are damaged at byte {at}")]
    Broken {
        /// Where, counted from the start of the message that is damaged.
        at: usize,
    },
    /// Text that is no UTF-8.
    #[error("a text in the protocol buffers is no UTF-8")]
    Text,
    /// An answer of another kind, such as a count.
    #[error("the protocol buffers hold no rows")]
    NoRows,
    /// An encoding of rows that servers are not known to use.
    #[error("the protocol buffers hold their rows in one block, which can't be read; ask for `f=json`")]
    Block,
    /// More rows or columns than a page can have.
    #[error("the page claims more than a million rows, or more than {MOST_COLUMNS} columns")]
    TooMany,
    /// The page as JSON would be larger than allowed.
    #[error("the page takes more than {limit} bytes as JSON")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
}
