//! Log set-up: stderr as text or JSON, and a log file in the store once a run has one.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};

use indicatif::MultiProgress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

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
}

impl Logging {
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
pub fn init(verbosity: i8, format: LogFormat) -> Logging {
    let logging = Logging { file: Arc::default(), bars: MultiProgress::new() };
    let level = match verbosity {
        ..0 => LevelFilter::WARN,
        0 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let ours = |level| Targets::new().with_default(LevelFilter::WARN).with_target("cikr", level);
    let on_screen = ours(level).with_target(LOG_FILE, LevelFilter::OFF);
    let screen = Screen { bars: logging.bars.clone() };
    let plain = tracing_subscriber::fmt::layer().with_target(false).with_writer(screen);
    let screen = match format {
        LogFormat::Text => plain.with_ansi(io::stderr().is_terminal()).without_time().boxed(),
        LogFormat::Json => plain.json().boxed(),
    };
    let file = tracing_subscriber::fmt::layer().json().with_writer(Sink { file: Arc::clone(&logging.file) });
    tracing_subscriber::registry()
        .with(screen.with_filter(on_screen))
        .with(file.with_filter(ours(LevelFilter::DEBUG)))
        .init();
    // A panic of a layer is caught and becomes its reason: here it is told where, in a line.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    logging
}

/// stderr, with the bars out of the way while a line is written.
struct Screen {
    bars: MultiProgress,
}

impl Write for Screen {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.bars.suspend(|| io::stderr().write_all(line)).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for Screen {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self { bars: self.bars.clone() }
    }
}

/// The log file, while there is one.
struct Sink {
    file: Arc<Mutex<Option<File>>>,
}

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Ok(mut slot) = self.file.lock() {
            // A log that can't be written must not stop a run: the first failure ends it.
            if slot.as_mut().is_some_and(|file| file.write_all(line).is_err()) {
                *slot = None;
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self { file: Arc::clone(&self.file) }
    }
}
