//! One run at a time: an advisory lock on `<store>/lock`.
//!
//! The system lets go of it when the process ends, however it ends, so there is no stale lock.
//! The file stays: removing it would let two runs lock two files of the same name.

use std::fs::{File, TryLockError};
use std::io::Read;
use std::process;

use super::error::StoreError;
use super::{Store, disk};

/// The right to write to the store, until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Store {
    /// Takes the lock, without waiting.
    ///
    /// ```
    /// use cikr::store::{Store, StoreError};
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = Store::open(folder.path()).unwrap();
    /// let held = store.lock().unwrap();
    /// assert!(matches!(store.lock(), Err(StoreError::Locked { .. })));
    /// drop(held);
    /// assert!(store.lock().is_ok());
    /// ```
    ///
    /// # Errors
    /// Another run holds it (its process id is in the error), or the store can't be written to.
    pub fn lock(&self) -> Result<Lock, StoreError> {
        let path = self.root.join("lock");
        let mut file = disk::open_or_create(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    path: self.root.clone(),
                    pid: read_holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(StoreError::writing(&path, source)),
        }
        // For the next run's message. Truncated first, since a longer id of an earlier run would show behind it.
        disk::rewrite_file(&file, &path, &format!("{}\n", process::id()))?;
        Ok(Lock { _file: file })
    }
}

/// Best effort: the holder may not have written its id yet.
fn read_holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_second_run_is_told_who_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let held = store.lock().unwrap();
        let error = store.lock().unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("(process {})", process::id())),
            "{error}"
        );
        drop(held);
        store.lock().unwrap();
    }

    #[test]
    fn a_longer_id_of_an_earlier_run_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        std::fs::write(folder.path().join("lock"), "12345678901234567890\n").unwrap();
        let _held = store.lock().unwrap();
        assert!(
            matches!(store.lock(), Err(StoreError::Locked { pid: Some(pid), .. }) if pid == process::id())
        );
    }

    #[test]
    fn a_killed_run_leaves_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        // Another process takes the same kind of lock, says so, and waits for input that never comes.
        let mut other = Command::new("flock")
            .arg("--no-fork")
            .arg(folder.path().join("lock"))
            .args(["sh", "-c", "echo held; read never"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        BufReader::new(other.stdout.take().unwrap())
            .read_line(&mut String::new())
            .unwrap();
        assert!(matches!(store.lock(), Err(StoreError::Locked { pid: None, .. })));
        other.kill().unwrap();
        other.wait().unwrap();
        store.lock().unwrap();
    }
}
