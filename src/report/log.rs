//! Log set-up: stderr as text or JSON, and a log file in the store once a run has one.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use indicatif::MultiProgress;
use serde_json::Value;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::prelude::*;

use crate::feature::{Veil, visible, visible_json};

/// How log lines look on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Target of what belongs in the log file alone, since the screen hears it otherwise.
pub const LOG_FILE: &str = "cikr_log_file";

/// The running log.
#[derive(Debug, Clone)]
pub struct Logging {
    file: Arc<Mutex<Option<File>>>,
    bars: MultiProgress,
    veil: Veil,
}

impl Logging {
    /// What no line shows.
    pub fn veil(&self) -> &Veil {
        &self.veil
    }

    /// From now on, log lines also go to `file`.
    pub fn to_file(&self, file: File) {
        if let Ok(mut slot) = self.file.lock() {
            *slot = Some(file);
        }
    }

    /// The bars that log lines must not tear apart.
    pub fn bars(&self) -> &MultiProgress {
        &self.bars
    }
}

/// Starts logging: `verbosity` −1 only errors and warnings, 0 a line per stage and layer, 1 and more debug.
pub fn init_logging(verbosity: i8, format: LogFormat) -> Logging {
    let logging = Logging {
        file: Arc::default(),
        bars: MultiProgress::new(),
        veil: Veil::default(),
    };
    let level = match verbosity {
        ..0 => LevelFilter::WARN,
        0 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let on_screen = own_targets(level).with_target(LOG_FILE, LevelFilter::OFF);
    let is_json = format == LogFormat::Json;
    let screen = ScreenWriter {
        bars: logging.bars.clone(),
        veil: logging.veil.clone(),
        is_json,
    };
    let plain = tracing_subscriber::fmt::layer()
        .with_target(false)
        .with_writer(screen);
    let screen = match format {
        LogFormat::Text => {
            let fields = debug_fn(write_field).delimited(" ");
            plain
                .with_ansi(io::stderr().is_terminal())
                .without_time()
                .fmt_fields(fields)
                .boxed()
        }
        LogFormat::Json => plain.json().boxed(),
    };
    let file = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(LogFileWriter {
            file: Arc::clone(&logging.file),
            veil: logging.veil.clone(),
        });
    tracing_subscriber::registry()
        .with(screen.with_filter(on_screen))
        // Debug in the file, whatever the screen shows: a night is looked into after it is over.
        .with(file.with_filter(own_targets(LevelFilter::DEBUG)))
        .init();
    // A panic of a layer is caught and becomes its reason: here it is told where, in a line.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    logging
}

/// What this program says from `level` up, and warnings of the crates that it uses.
fn own_targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("cikr", level)
}

/// A value on one line, and with nothing in it that can't be seen: it may be of a source.
fn write_field(out: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = format!("{value:?}").replace('\n', "\\n");
    let value = visible(&value);
    if field.name() == "message" {
        write!(out, "{value}")
    } else {
        write!(out, "{field}={value}")
    }
}

/// A line of JSON without secrets, all of it seen.
fn covered_line(veil: &Veil, line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    if veil.is_empty() {
        return visible_json(&text).into_owned().into_bytes();
    }
    // As it was where nothing is hidden, so that members keep their order. What is no JSON could not be searched
    // member by member, and is not shown at all.
    let text = match serde_json::from_str::<Value>(&text)
        .map(|plain| (veil.mask_json_texts(plain.clone()), plain))
    {
        Ok((hidden, plain)) if hidden == plain => visible_json(&text).into_owned(),
        Ok((hidden, _)) => visible_json(&format!("{hidden}\n")).into_owned(),
        Err(_) => "{\"level\":\"ERROR\",\"message\":\"a line of the log is not shown\"}\n".to_owned(),
    };
    text.into_bytes()
}

/// stderr, with the bars out of the way while a line is written.
struct ScreenWriter {
    bars: MultiProgress,
    veil: Veil,
    is_json: bool,
}

impl Write for ScreenWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let covered = if self.is_json {
            covered_line(&self.veil, line)
        } else {
            let text = String::from_utf8_lossy(line);
            format!("{}\n", self.veil.mask_own_text(text.trim_end_matches('\n'))).into_bytes()
        };
        self.bars
            .suspend(|| io::stderr().write_all(&covered))
            .map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for ScreenWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self {
            bars: self.bars.clone(),
            veil: self.veil.clone(),
            is_json: self.is_json,
        }
    }
}

/// The log file, while there is one.
struct LogFileWriter {
    file: Arc<Mutex<Option<File>>>,
    veil: Veil,
}

impl Write for LogFileWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Ok(mut slot) = self.file.lock() {
            // A log that can't be written must not stop a run: the first failure ends it.
            if slot
                .as_mut()
                .is_some_and(|file| file.write_all(&covered_line(&self.veil, line)).is_err())
            {
                *slot = None;
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFileWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self {
            file: Arc::clone(&self.file),
            veil: self.veil.clone(),
        }
    }
}
