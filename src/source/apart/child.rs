//! The process that reads sources: takes a question from stdin, and sends what it finds to stdout.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::exit;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::question::{Question, ReadRequest, WholeCrs};
use super::wire::{self, Header};
use crate::feature::error_chain;
use crate::source::{self, Reader};

/// Answers questions until there are no more.
///
/// # Errors
/// When a question can't be read, or nobody takes the answer.
pub fn answer_questions(from: impl BufRead + Send + 'static, mut to: impl Write) -> io::Result<()> {
    // A crash is expected here and told by its signal; a core file of it would only fill the disk.
    lower_limit(Resource::Core, 0)?;
    let (sender, questions) = sync_channel(1);
    thread::spawn(move || forward_questions(from, &sender));
    for asked in questions {
        let asked = asked?;
        // Data, not address space: libraries and files that are mapped take much of that, and no memory.
        lower_limit(Resource::Data, asked.memory)?;
        match source::open(
            &asked.landed,
            &asked.plan,
            &asked.limits,
            asked.schema_crs.as_ref(),
        ) {
            Ok(reader) => send_batches(reader, &mut to),
            Err(error) => wire::write_json(&mut to, wire::FAILED, &error_chain(&error)),
        }?;
        to.flush()?;
    }
    Ok(())
}

/// Takes questions, also while one is being answered, so that the end of them is heard: nobody reads what a process says
/// whose parent is gone, and a reader that never ends would outlive it.
fn forward_questions(mut from: impl BufRead, to: &SyncSender<io::Result<ReadRequest>>) {
    while let Some(asked) = Question::read_next(&mut from).transpose() {
        let is_last = asked.is_err();
        if to.send(asked).is_err() || is_last {
            return;
        }
    }
    #[expect(clippy::exit, reason = "whatever the other thread does, it does for nobody")]
    exit(0);
}

/// What the process may take of the machine from now on: no more than before.
fn lower_limit(what: Resource, most: u64) -> io::Result<()> {
    let most = getrlimit(what)
        .maximum
        .map_or(most, |there_is| there_is.min(most));
    Ok(setrlimit(
        what,
        Rlimit {
            current: Some(most),
            maximum: Some(most),
        },
    )?)
}

fn send_batches(reader: Reader, to: &mut impl Write) -> io::Result<()> {
    let header = Header {
        crs: WholeCrs::from(reader.crs()),
        fixed: reader.fixed_columns().map(<[String]>::to_vec),
        rows_at_most: reader.rows_at_most(),
    };
    wire::write_json(to, wire::HEADER, &header)?;
    for batch in reader {
        match batch {
            Ok(batch) => wire::write_batch(to, batch).map_err(io::Error::other)?,
            Err(error) => return wire::write_json(to, wire::FAILED, &error_chain(&error)),
        }
    }
    wire::write_json(to, wire::END, &peak_memory())
}

/// The most memory that the process has held, bytes (`VmHWM` of proc(5)); nought where the system doesn't say.
fn peak_memory() -> u64 {
    let status = fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
