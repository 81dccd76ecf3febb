//! How many requests a host gets at a time, when it gets the next, and when it is taken for dead.
//!
//! A hundred layers of one dead host would each be patient with it. So a host that nobody reaches for as long as one
//! question is patient is down: for a while no question goes there at all, and then one failure is enough.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Deadline;

/// Lets so many requests through per host.
#[derive(Debug)]
pub(super) struct Gate {
    limits: Limits,
    hosts: Mutex<BTreeMap<String, Host>>,
    freed: Condvar,
}

/// How much a host gets, and how much it is forgiven.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Requests at the same time.
    pub(super) per_host: usize,
    /// A host is down after so many failures without an answer between them …
    pub(super) failures: u32,
    /// … over at least this time …
    pub(super) silence: Duration,
    /// … and stays so for this long.
    pub(super) rest: Duration,
}

#[derive(Debug, Default)]
struct Host {
    active: usize,
    /// A host that wants to be left alone is, by every thread.
    opens: Option<Instant>,
    /// Whether it has answered anything yet.
    has_answered: bool,
    /// Failures since its last answer, and when the first of them was.
    failures: u32,
    silent_since: Option<Instant>,
    down: Option<Down>,
}

/// A host that nobody reaches.
#[derive(Debug, Clone)]
pub(super) struct Down {
    /// How long it has been silent.
    pub(super) silent: Duration,
    /// What happened last.
    pub(super) what: String,
    until: Instant,
}

/// Whether a connection to a host has come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    Yes,
    No,
}

/// Why there is no place.
#[derive(Debug)]
pub(super) enum Shut {
    /// The host is down.
    Down(Down),
    /// The time is over.
    Late,
}

/// A request's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    host: String,
}

impl Gate {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            hosts: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Waits for a place; none is to be had at a host that is down, nor when the time is over.
    pub(super) fn enter(&self, host: &str, until: Deadline) -> Result<Pass<'_>, Shut> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let entry = hosts.entry(host.to_owned()).or_default();
            if let Some(down) = entry.down_now() {
                return Err(Shut::Down(down.clone()));
            }
            if until.is_over() {
                return Err(Shut::Late);
            }
            let wait = entry.opens.map(|at| at.saturating_duration_since(Instant::now()));
            let wait = wait.filter(|wait| !wait.is_zero());
            // At least one place: a limit of none would be a wait without end.
            if wait.is_none() && entry.active < self.limits.per_host.max(1) {
                entry.active += 1;
                return Ok(Pass {
                    gate: self,
                    host: host.to_owned(),
                });
            }
            // Woken by whoever leaves, but no later than when the host opens again, which nobody announces.
            let longest = until.remaining_of(wait.unwrap_or(Duration::from_mins(1)));
            let waited = self.freed.wait_timeout(hosts, longest);
            hosts = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Leaves a host alone for a while.
    pub(super) fn leave_alone(&self, host: &str, wait: Duration) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = hosts.entry(host.to_owned()).or_default();
        entry.opens = entry.opens.max(Instant::now().checked_add(wait));
    }

    /// Notes that a host has answered, whatever it said.
    pub(super) fn note_answer(&self, host: &str) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = hosts.entry(host.to_owned()).or_default();
        entry.has_answered = true;
        entry.failures = 0;
        entry.silent_since = None;
        entry.down = None;
    }

    /// Notes that no answer came from a host, or not even a connection.
    ///
    /// One that has answered before and now only takes too long is alive: smaller questions may do.
    pub(super) fn note_no_answer(&self, host: &str, reached: Reached, what: &str) {
        let Limits {
            failures,
            silence,
            rest,
            ..
        } = self.limits;
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = hosts.entry(host.to_owned()).or_default();
        // A page that takes too long is that page's trouble: the host is not called dead for it.
        if reached == Reached::Yes && entry.has_answered {
            return;
        }
        entry.failures += 1;
        let now = Instant::now();
        let silent = now - *entry.silent_since.get_or_insert(now);
        if entry.failures >= failures && silent >= silence {
            entry.down = Some(Down {
                silent,
                what: what.to_owned(),
                until: now + rest,
            });
            drop(hosts);
            self.freed.notify_all();
        }
    }

    /// Whether a host is down now.
    pub(super) fn is_down(&self, host: &str) -> bool {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.get(host).is_some_and(|host| host.down_now().is_some())
    }
}

impl Host {
    fn down_now(&self) -> Option<&Down> {
        self.down.as_ref().filter(|down| down.until > Instant::now())
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut hosts = self.gate.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get_mut(&self.host) {
            host.active = host.active.saturating_sub(1);
        }
        drop(hosts);
        self.gate.freed.notify_all();
    }
}
