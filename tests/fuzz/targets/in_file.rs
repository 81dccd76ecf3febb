//! Bytes as a file in memory: the readers open files.

use std::cell::RefCell;
use std::io::{Seek, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

thread_local! {
    static FILE: RefCell<NamedTempFile> =
        RefCell::new(Builder::new().suffix(".txt").tempfile_in("/dev/shm").expect("a file in memory"));
}

/// Calls `then` with the path of a file that holds `data`.
pub fn with_file(data: &[u8], then: impl FnOnce(&Path)) {
    FILE.with_borrow_mut(|file| {
        let inner = file.as_file_mut();
        let emptied = inner.set_len(0).and_then(|()| inner.rewind());
        emptied.and_then(|()| inner.write_all(data)).expect("memory takes it");
        then(file.path());
    });
}
