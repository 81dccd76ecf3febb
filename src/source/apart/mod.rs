//! Reads a source in a process of its own, so that a file that breaks its reader ends one layer and not the night.
//!
//! GDAL, Parquet and spreadsheets are read by code that isn't ours, from bytes that aren't either: a few of them can ask
//! for any amount of memory, crash it, or keep it busy for ever. The program starts itself once more (`child`), with a
//! limit on its memory and without the secrets of its environment, asks it a question (`question`) and takes the batches
//! that it sends (`wire`). Who is silent for too long is stopped; who has answered well is asked again, since a start
//! takes GDAL's libraries 60 ms.
//!
//! May use what `source` may, and start processes (`worker`). The environment is handed in.

mod child;
mod log;
mod question;
mod wire;
mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::SourceError;
use super::{Batches, Reader};
use crate::feature::{Crs, Landed, RawBatch};
use crate::plan::{Limits, SourcePlan};

pub use child::answer_questions;
use question::Question;
use wire::{Header, Message};
use worker::{Silence, Worker};

/// A process may keep us waiting for a batch so long. The slowest real one, the first batch of a large FileGDB of
/// polygons, takes seconds.
const SILENCE: Duration = Duration::from_mins(10);
/// The memory of a reader is this part of the run's; several may be at work.
const SHARE: u64 = 4;
/// What a reader gets at least: GDAL, its libraries and a batch take some 60 MiB.
const LEAST: u64 = 192 << 20;
/// A process that has taken more than this part of its memory isn't asked again: what it has freed may be in pieces.
const SPENT: u64 = 2;

/// How sources are read: in processes of their own, or in this one.
#[derive(Debug, Default)]
pub struct Readers {
    /// None where nothing is to be started: all is read in this process.
    isolated: Option<IsolatedReaders>,
}

/// What is needed to read in other processes.
#[derive(Debug)]
struct IsolatedReaders {
    program: Program,
    /// Memory of a process, bytes.
    memory: u64,
    /// Processes that wait for a question.
    idle: Arc<Mutex<Vec<Worker>>>,
}

/// What is started to read sources, and the environment it gets.
#[derive(Debug, Clone)]
pub struct Program {
    /// This program.
    pub path: PathBuf,
    /// Arguments that have it read sources: its log as JSON on stderr, its batches on stdout.
    pub arguments: Vec<OsString>,
    /// All of its environment: nothing that GDAL, PROJ and the loader don't need.
    pub environment: Vec<(OsString, OsString)>,
}

impl Readers {
    /// Reads everything in this process.
    ///
    /// ```
    /// use std::path::Path;
    /// use std::time::Duration;
    ///
    /// use cikr::feature::{Crs, Landed};
    /// use cikr::plan::{Format, Limits, SourcePlan};
    /// use cikr::source::{Readers, SourceError};
    ///
    /// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/cellular_towers.geojsonl");
    /// let plan = SourcePlan::for_file(path.clone(), "towers".into(), Format::Geojsonl, None);
    /// let limits = Limits {
    ///     record_bytes: 1 << 20,
    ///     batch_rows: 100,
    ///     rows: Some(1),
    ///     archive_bytes: 0,
    ///     isolate: true,
    ///     read: Duration::MAX,
    /// };
    /// let mut reader = Readers::in_process().open(&Landed::in_place(path), &plan, &limits, None)?;
    /// // GeoJSON is in OGC:CRS84 unless somebody says otherwise (RFC 7946, 4).
    /// assert_eq!(*reader.crs(), Crs::Crs84);
    /// assert_eq!(reader.next().expect("a row")?.len(), 1);
    /// # Ok::<(), SourceError>(())
    /// ```
    pub fn in_process() -> Self {
        Self::default()
    }

    /// Reads what isn't read by our own code in processes of their own, for a run that may take so many bytes.
    pub fn isolated(program: Program, memory: u64) -> Self {
        let memory = (memory / SHARE).max(LEAST);
        Self {
            isolated: Some(IsolatedReaders {
                program,
                memory,
                idle: Arc::default(),
            }),
        }
    }

    /// Opens a landed source as [`super::open`] does.
    ///
    /// # Errors
    /// As there, and when a process can't be started or dies.
    pub fn open(
        &self,
        landed: &Landed,
        plan: &SourcePlan,
        limits: &Limits,
        schema_crs: Option<&Crs>,
    ) -> Result<Reader, SourceError> {
        match self
            .isolated
            .as_ref()
            // What our own code reads holds one record at a time, whatever the file claims: a process would cost a
            // copy of every batch and guard against little.
            .filter(|_| !plan.format.is_own_reader() && limits.isolate)
        {
            None => super::open(landed, plan, limits, schema_crs),
            Some(isolated) => {
                let question = Question::new(landed, plan, limits, schema_crs, isolated.memory);
                isolated.open(&question, &plan.shown, limits)
            }
        }
    }
}

impl IsolatedReaders {
    fn open(&self, question: &Question, shown: &Arc<str>, limits: &Limits) -> Result<Reader, SourceError> {
        // A thread that panicked while it held the lock has left a list of processes all the same.
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = idle.map_or_else(|| Worker::start(&self.program), Ok);
        let mut worker = worker.map_err(|source| SourceError::Start {
            shown: shown.to_string(),
            source,
        })?;
        worker.send_question(question);
        let mut answer = Answer {
            shown: Arc::clone(shown),
            worker: Some(worker),
            idle: Arc::clone(&self.idle),
            memory: self.memory,
            crs: Crs::Crs84,
            deadline: Instant::now() + limits.read,
        };
        let Header {
            crs,
            fixed,
            rows_at_most,
        } = answer.expect_header()?;
        answer.crs = Crs::from(crs);
        let crs = answer.crs.clone();
        Ok(Reader::new(Box::new(answer), crs, fixed, limits).at_most(rows_at_most))
    }
}

/// The batches that a process sends in answer to a question.
struct Answer {
    shown: Arc<str>,
    /// None once it has nothing more to say.
    worker: Option<Worker>,
    /// Where it waits for the next question.
    idle: Arc<Mutex<Vec<Worker>>>,
    memory: u64,
    crs: Crs,
    /// When reading must be done.
    deadline: Instant,
}

impl Answer {
    fn expect_header(&mut self) -> Result<Header, SourceError> {
        match self.next_message()? {
            Message::Header(header) => Ok(header),
            Message::Batch(_) | Message::End(_) => Err(self.death_error()),
            Message::Failed(message) => Err(self.reported_error(message)),
        }
    }

    /// The next message of a process that is expected to speak.
    fn next_message(&mut self) -> Result<Message, SourceError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Some(worker) = &self.worker else {
            return Err(self.death_error());
        };
        // Two bounds end the wait: a process may be silent for so long at a time, and all of its answer must be there
        // by the deadline. Whichever is nearer names the error, since what helps against one doesn't against the
        // other.
        match worker.next_message(left.min(SILENCE)) {
            Ok(message) => Ok(message),
            Err(Silence::Dead) => Err(self.death_error()),
            Err(Silence::Slow) => {
                // Dropped, it is killed: it would go on reading for nobody, and hold its memory.
                self.worker = None;
                let shown = self.shown.to_string();
                let seconds = SILENCE.as_secs();
                let is_late = left < SILENCE;
                Err(if is_late {
                    SourceError::TooSlow { shown }
                } else {
                    SourceError::Silent { shown, seconds }
                })
            }
        }
    }

    /// What it says of a source names the source; it has come to an end in order, and may be asked again.
    fn reported_error(&mut self, message: String) -> SourceError {
        self.return_worker();
        SourceError::Reported { message }
    }

    /// Why a process has ended, or said what made no sense.
    fn death_error(&mut self) -> SourceError {
        let shown = self.shown.to_string();
        let Some(worker) = self.worker.take() else {
            return SourceError::Crashed {
                shown,
                status: "asked once more".to_owned(),
            };
        };
        let end = worker.stop();
        if end.is_out_of_memory {
            SourceError::OutOfMemory {
                shown,
                mib: self.memory >> 20,
            }
        } else {
            SourceError::Crashed {
                shown,
                status: end.status,
            }
        }
    }

    fn return_worker(&mut self) {
        if let Some(worker) = self.worker.take() {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(worker);
        }
    }
}

impl Batches for Answer {
    fn next(&mut self, _rows: usize) -> Result<Option<RawBatch>, SourceError> {
        match self.next_message()? {
            Message::Batch(mut batch) => {
                // A definition of WKT can be long, so it is sent once, with the header.
                batch.crs = self.crs.clone();
                Ok(Some(*batch))
            }
            Message::End(peak) => {
                tracing::debug!(source = %self.shown, peak_mib = peak >> 20, "read in a process of its own");
                if peak > self.memory / SPENT {
                    self.worker = None;
                }
                self.return_worker();
                Ok(None)
            }
            Message::Failed(message) => Err(self.reported_error(message)),
            Message::Header(_) => Err(self.death_error()),
        }
    }
}
