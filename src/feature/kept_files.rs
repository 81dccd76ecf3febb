//! Files that a later run reads back instead of making what is in them again, as the stages see them.
//!
//! LEAF. `store` makes them; what is in them, and whether it is still of use, only those know who keep them. Whatever is
//! lost or damaged is made again.

use std::fmt::Debug;
use std::io::{self, Read, Write};

/// A folder of such files.
pub trait KeptFiles: Debug + Send + Sync {
    /// Opens a file; none where there is none of this name.
    ///
    /// # Errors
    /// The name is no plain one, or the file can't be opened.
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>>;

    /// Begins a file, which has its name, and takes the place of an older one, once it is committed; dropped before that, it
    /// leaves nothing.
    ///
    /// # Errors
    /// The name is no plain one, or the folder can't be written to.
    fn begin(&self, name: &str) -> io::Result<Box<dyn NewKeptFile>>;
}

/// A file in the making.
pub trait NewKeptFile: Debug + Send + Write {
    /// Gives it its name. After `Ok` it is complete and on the disk.
    ///
    /// # Errors
    /// The disk is full or fails.
    fn commit(self: Box<Self>) -> io::Result<()>;
}
