//! Threads that may work on batches at the same time, over all layers: as many as the run has threads.

use std::sync::{Condvar, Mutex, PoisonError};

/// So many seats.
#[derive(Debug)]
pub(super) struct Seats {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A seat that is taken; free again when dropped.
pub(super) struct Seat<'a>(&'a Seats);

impl Seats {
    pub(super) fn new(seats: usize) -> Self {
        Self {
            free: Mutex::new(seats.max(1)),
            given_back: Condvar::new(),
        }
    }

    /// Waits for a seat.
    pub(super) fn take_seat(&self) -> Seat<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.given_back.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Seat(self)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        // One seat is free: to wake more than one would be to put the others to sleep again.
        self.0.given_back.notify_one();
    }
}
