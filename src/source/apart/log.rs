//! What a process that reads a source says on stderr: log lines, which go on as if they were said here, and last words.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Map, Value};
use tracing::Span;

/// Longest line that is looked at, bytes.
const LINE: u64 = 1 << 16;
/// Bytes of last words.
const WORDS: usize = 4_096;

/// A log line.
#[derive(Deserialize)]
struct LogLine {
    level: String,
    fields: Map<String, Value>,
}

/// Passes on log lines as those of a span, until there are no more; gives what was no log line, the end of it.
pub(super) fn relay_log(from: impl Read, of: &Mutex<Span>) -> String {
    let mut from = BufReader::new(from);
    let mut words = Vec::new();
    let mut line = Vec::new();
    while matches!(from.by_ref().take(LINE).read_until(b'\n', &mut line), Ok(read) if read > 0) {
        match serde_json::from_slice::<LogLine>(&line) {
            Ok(line) => of
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .in_scope(|| log_line(&line)),
            Err(_) => words.extend_from_slice(&line),
        }
        line.clear();
        // What was said last is what it died of.
        let over = words.len().saturating_sub(WORDS);
        words.drain(..over);
    }
    let words = String::from_utf8_lossy(&words).into_owned();
    if !words.is_empty() {
        tracing::debug!(words, "said while reading");
    }
    words
}

fn log_line(line: &LogLine) {
    let message = line.fields.get("message").map(value_text).unwrap_or_default();
    let others = line.fields.iter().filter(|(name, _)| *name != "message");
    let fields: Vec<String> = others
        .map(|(name, value)| format!("{name}={}", value_text(value)))
        .collect();
    let fields = fields.join(" ");
    match line.level.as_str() {
        "ERROR" => tracing::error!(fields, "{message}"),
        "WARN" => tracing::warn!(fields, "{message}"),
        "INFO" => tracing::info!(fields, "{message}"),
        _ => tracing::debug!(fields, "{message}"),
    }
}

fn value_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
