//! A queue of spans that a bounded number of threads work off; a span may leave others behind.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

struct Queue<I, S, E> {
    /// Those that were left behind: they come first.
    left: VecDeque<S>,
    spans: I,
    busy: usize,
    failed: Option<E>,
}

/// Does `step` for each span and for those it returns, `at_once` at a time; the first failure ends it.
///
/// # Errors
/// That failure, after the spans at work are done.
pub(super) fn drain_spans<S: Send, E: Send>(
    spans: impl Iterator<Item = S> + Send,
    at_once: usize,
    step: impl Fn(S) -> Result<Vec<S>, E> + Sync,
) -> Result<(), E> {
    let queue = Mutex::new(Queue {
        left: VecDeque::new(),
        spans,
        busy: 0,
        failed: None,
    });
    let wake = Condvar::new();
    let here = tracing::Span::current();
    thread::scope(|scope| {
        for _ in 0..at_once.max(1) {
            // Threads share one queue instead of a part each: how many rows a span has, and how long it takes, shows
            // only when it is asked for.
            scope.spawn(|| {
                let _span = here.enter();
                while let Some(span) = next_span(&queue, &wake) {
                    let _busy = BusyGuard {
                        queue: &queue,
                        wake: &wake,
                    };
                    record_outcome(&queue, step(span));
                }
            });
        }
    });
    queue
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .failed
        .map_or(Ok(()), Err)
}

impl<I: Iterator<Item = S>, S, E> Queue<I, S, E> {
    fn pop_span(&mut self) -> Option<S> {
        self.left.pop_front().or_else(|| self.spans.next())
    }
}

/// A span at work; when it is done, even by a panic, the others look again.
struct BusyGuard<'a, I, S, E> {
    queue: &'a Mutex<Queue<I, S, E>>,
    wake: &'a Condvar,
}

impl<I, S, E> Drop for BusyGuard<'_, I, S, E> {
    fn drop(&mut self) {
        lock_queue(self.queue).busy -= 1;
        self.wake.notify_all();
    }
}

fn lock_queue<I, S, E>(queue: &Mutex<Queue<I, S, E>>) -> MutexGuard<'_, Queue<I, S, E>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next span; waits while others at work may still leave some.
fn next_span<I: Iterator<Item = S>, S, E>(queue: &Mutex<Queue<I, S, E>>, wake: &Condvar) -> Option<S> {
    let mut state = lock_queue(queue);
    loop {
        if state.failed.is_some() {
            return None;
        }
        if let Some(span) = state.pop_span() {
            state.busy += 1;
            return Some(span);
        }
        if state.busy == 0 {
            return None;
        }
        state = wake.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn record_outcome<I, S, E>(queue: &Mutex<Queue<I, S, E>>, done: Result<Vec<S>, E>) {
    let mut state = lock_queue(queue);
    match done {
        Ok(more) => more
            .into_iter()
            .rev()
            .for_each(|span| state.left.push_front(span)),
        Err(error) => {
            state.failed.get_or_insert(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn what_a_span_leaves_is_done_too() {
        let sum = AtomicU32::new(0);
        let halve = |n: u32| {
            if n > 1 {
                return Ok::<_, ()>(vec![n / 2, n - n / 2]);
            }
            sum.fetch_add(n, Ordering::Relaxed);
            Ok(vec![])
        };
        drain_spans([1000, 23].into_iter(), 4, halve).unwrap();
        assert_eq!(sum.into_inner(), 1023);
    }

    #[test]
    fn the_first_failure_ends_it() {
        let done = AtomicU32::new(0);
        let step = |n: u32| {
            done.fetch_add(1, Ordering::Relaxed);
            if n == 3 { Err(n) } else { Ok(vec![]) }
        };
        assert_eq!(drain_spans(0..10_000, 2, step), Err(3));
        assert!(done.into_inner() < 10_000);
    }

    #[test]
    #[should_panic = "a scoped thread panicked"]
    fn a_panic_leaves_nobody_waiting() {
        drain_spans([1, 2, 3].into_iter(), 3, |n| {
            if n == 2 {
                panic!("two")
            } else {
                Ok::<_, ()>(vec![])
            }
        })
        .unwrap();
    }
}
