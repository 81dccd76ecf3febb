//! An index as bytes: written once, read back in the time that copying takes.
//!
//! ```text
//! magic, version        8 + 8 bytes
//! lists                 each: number of bytes, checksum of all before, the bytes
//! checksum              8 bytes
//! ```
//!
//! Numbers are little-endian, checksums XXH3 (64 bits) of every byte before them. Since a list's length is checked before
//! anything is reserved for it, damaged files take no memory. Whatever has a right checksum is still checked for
//! numbers that point nowhere: no bytes make a panic. Which lists there are, each part of the index knows. What an index was made
//! of is written in the same way, with a signature of its own (`boundaries`).

mod boundaries;
mod error;
mod index;
mod lists;

pub use boundaries::{StoredBoundaries, read_boundaries, write_boundaries};
pub use error::StoredIndexError;
pub(super) use lists::{ListReader, ListWriter, Signature};
