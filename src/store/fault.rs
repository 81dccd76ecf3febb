//! Tests' way to end a run at any write: from the chosen step on, every write of this thread fails.
//!
//! That includes the cleaning up, as when a process is killed. Compiled for tests alone.

use std::cell::Cell;
use std::io;

thread_local! {
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Does some work of which this many writes pass; all that follow fail as on a full disk.
///
/// The second value says whether the work was cut short (or would have been by one more write).
pub(super) fn after<T>(steps: u32, work: impl FnOnce() -> T) -> (T, bool) {
    LEFT.set(Some(steps));
    let result = work();
    (result, LEFT.replace(None) == Some(0))
}

pub(super) fn step() -> io::Result<()> {
    match LEFT.get() {
        Some(0) => Err(io::Error::from(io::ErrorKind::StorageFull)),
        Some(left) => {
            LEFT.set(Some(left - 1));
            Ok(())
        }
        None => Ok(()),
    }
}
