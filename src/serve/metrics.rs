//! Counts of what was answered, as Prometheus reads them.
//!
//! Any number of threads count at once; nothing is kept but sums.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the classes of time, seconds: a tile of an archive takes less than the first, a long question more than the last.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0];

/// What kind of thing a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A published file or a record.
    File,
    /// What the service is and has.
    About,
    /// Facilities.
    Items,
    /// One facility.
    Item,
    /// A vector tile.
    Tile,
    /// STAC.
    Stac,
    /// Health and these counts.
    Status,
    /// What there isn't.
    Unknown,
}

impl Class {
    fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::About => "about",
            Self::Items => "items",
            Self::Item => "item",
            Self::Tile => "tile",
            Self::Stac => "stac",
            Self::Status => "status",
            Self::Unknown => "unknown",
        }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    answers: Mutex<BTreeMap<(Class, u16), u64>>,
    times: Mutex<BTreeMap<Class, Times>>,
    bytes: AtomicU64,
    connections: AtomicI64,
}

#[derive(Debug, Default)]
struct Times {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

/// An open connection, counted as long as it lives.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    metrics: &'a Metrics,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.metrics.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A request is answered: `bytes` are on their way.
    pub(super) fn answered(&self, class: Class, status: u16, took: Duration, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        *locked(&self.answers).entry((class, status)).or_default() += 1;
        let seconds = took.as_secs_f64();
        let mut times = locked(&self.times);
        let times = times.entry(class).or_default();
        times.count += 1;
        times.seconds += seconds;
        for (bucket, end) in times.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(seconds <= end);
        }
    }

    /// A connection is open.
    pub(super) fn connected(&self) -> Counted<'_> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Counted { metrics: self }
    }

    /// All counts, and which release is the latest.
    pub(super) fn text(&self, release: Option<&str>) -> String {
        let mut text = String::new();
        match self.write(&mut text, release) {
            Ok(()) => text,
            // Writing to a string can't fail.
            Err(_never) => String::new(),
        }
    }

    fn write(&self, out: &mut String, release: Option<&str>) -> std::fmt::Result {
        writeln!(
            out,
            "# HELP cikr_requests_total Requests answered.\n# TYPE cikr_requests_total counter"
        )?;
        for ((class, status), count) in locked(&self.answers).iter() {
            writeln!(
                out,
                "cikr_requests_total{{class=\"{}\",status=\"{status}\"}} {count}",
                class.word()
            )?;
        }
        writeln!(
            out,
            "# HELP cikr_request_seconds Time until an answer was made.\n# TYPE cikr_request_seconds histogram"
        )?;
        for (class, times) in locked(&self.times).iter() {
            let class = class.word();
            for (end, count) in BUCKETS.iter().zip(times.buckets) {
                writeln!(
                    out,
                    "cikr_request_seconds_bucket{{class=\"{class}\",le=\"{end}\"}} {count}"
                )?;
            }
            writeln!(
                out,
                "cikr_request_seconds_bucket{{class=\"{class}\",le=\"+Inf\"}} {}",
                times.count
            )?;
            writeln!(
                out,
                "cikr_request_seconds_sum{{class=\"{class}\"}} {}",
                times.seconds
            )?;
            writeln!(
                out,
                "cikr_request_seconds_count{{class=\"{class}\"}} {}",
                times.count
            )?;
        }
        let bytes = self.bytes.load(Ordering::Relaxed);
        writeln!(
            out,
            "# HELP cikr_answer_bytes_total Bytes of answers.\n# TYPE cikr_answer_bytes_total counter"
        )?;
        writeln!(out, "cikr_answer_bytes_total {bytes}")?;
        let open = self.connections.load(Ordering::Relaxed);
        writeln!(
            out,
            "# HELP cikr_connections Open connections.\n# TYPE cikr_connections gauge"
        )?;
        writeln!(out, "cikr_connections {open}")?;
        if let Some(release) = release {
            writeln!(
                out,
                "# HELP cikr_release_info The latest release.\n# TYPE cikr_release_info gauge"
            )?;
            writeln!(out, "cikr_release_info{{release=\"{release}\"}} 1")?;
        }
        Ok(())
    }
}

fn locked<T>(counts: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
