//! How many requests a host gets at a time, and when it gets the next.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets so many requests through per host.
#[derive(Debug)]
pub(super) struct Gate {
    per_host: usize,
    hosts: Mutex<BTreeMap<String, Host>>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Host {
    active: usize,
    /// A host that wants to be left alone is, by every thread.
    opens: Option<Instant>,
}

/// A request's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    host: String,
}

impl Gate {
    pub(super) fn new(per_host: usize) -> Self {
        Self { per_host: per_host.max(1), hosts: Mutex::default(), freed: Condvar::new() }
    }

    /// Waits for a place.
    pub(super) fn enter(&self, host: &str) -> Pass<'_> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let entry = hosts.entry(host.to_owned()).or_default();
            let wait = entry.opens.map(|at| at.saturating_duration_since(Instant::now()));
            let wait = wait.filter(|wait| !wait.is_zero());
            if wait.is_none() && entry.active < self.per_host {
                entry.active += 1;
                return Pass { gate: self, host: host.to_owned() };
            }
            let longest = wait.unwrap_or(Duration::from_mins(1));
            let waited = self.freed.wait_timeout(hosts, longest);
            hosts = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Leaves a host alone for a while.
    pub(super) fn close(&self, host: &str, wait: Duration) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = hosts.entry(host.to_owned()).or_default();
        entry.opens = entry.opens.max(Instant::now().checked_add(wait));
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
