//! Tests' way to end a run at any write: from the chosen step on, every write of this thread fails.
//!
//! That includes the cleaning up, as when a process is killed. Compiled for tests alone.

use std::cell::Cell;
use std::io;

thread_local! {
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Writes work again once this is dropped.
pub(super) struct Fault;

/// Lets this many writes pass, then fails all that follow as a full disk would.
pub(super) fn after(steps: u32) -> Fault {
    LEFT.set(Some(steps));
    Fault
}

impl Fault {
    /// Whether a write has been refused, or the next one would be.
    pub(super) fn is_spent(&self) -> bool {
        LEFT.get() == Some(0)
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        LEFT.set(None);
    }
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
