//! Files that are files: a pipe would wait for somebody to write, a device might never end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Opens a file that is one.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("not a regular file"))
    }
}

/// All of a file that is one.
///
/// ```
/// use std::path::Path;
///
/// assert!(cikr::store::read_regular(Path::new("/dev/null")).is_err());
/// ```
///
/// # Errors
/// It can't be read, or is none.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
