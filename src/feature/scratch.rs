//! Files for what outgrows memory, as the stages see them.
//!
//! LEAF. `store` makes them; whoever holds rows appends to them and reads back by place. They have no name, so that
//! they are gone with the process however it ends.

use std::fmt::Debug;
use std::io;

/// A file that is appended to and read back by place, by several threads at once.
pub trait ScratchFile: Debug + Send + Sync {
    /// Appends bytes; gives the place of the first.
    ///
    /// # Errors
    /// The disk is full or fails.
    fn append(&self, bytes: &[u8]) -> io::Result<u64>;

    /// Reads `len` bytes from a place on.
    ///
    /// # Errors
    /// The disk fails, or so many bytes aren't there.
    fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>>;
}

/// Where such files are made.
pub trait ScratchSpace: Debug + Send + Sync {
    /// Makes one that will hold about so many bytes at least.
    ///
    /// # Errors
    /// The folder can't be written to, or so much is not free.
    fn create_file(&self, need: u64) -> io::Result<Box<dyn ScratchFile>>;
}
