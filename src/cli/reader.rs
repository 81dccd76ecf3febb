//! `cikr read-source`, which the program starts itself: one source, read in a process of its own (`source::apart`).

use std::env;
use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::os::fd::AsFd;

use clap::Args;

use crate::error::{Error, exit};
use crate::source::{self, Program};

/// What a reader is told of the environment: what the loader, GDAL and PROJ go by, and no secret.
const ENVIRONMENT: [&str; 11] = [
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "PROJ_DATA",
    "PROJ_LIB",
    "PROJ_NETWORK",
    "TMPDIR",
    "XDG_DATA_HOME",
];

/// Read one source: the question is on stdin, the batches go to stdout
#[derive(Debug, Args)]
pub(super) struct ReadSource {}

impl ReadSource {
    pub(super) fn run() -> Result<u8, Error> {
        // Not through `io::stdout`, which looks for line ends in what it writes.
        let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
        let served = stdout
            .and_then(|stdout| source::answer_questions(BufReader::new(io::stdin()), BufWriter::new(stdout)));
        match served {
            // Whoever asked has heard enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit::OK),
            served => served
                .map(|()| exit::OK)
                .map_err(|source| Error::Output { done: None, source }),
        }
    }
}

/// How the program is started to read a source; none where it isn't known where it is.
pub(super) fn reader_program() -> Option<Program> {
    let path = env::current_exe().ok()?;
    let arguments = ["--log-format", "json", "--verbose", "read-source"]
        .map(Into::into)
        .to_vec();
    #[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
    let environment = ENVIRONMENT
        .into_iter()
        .filter_map(|name| Some((name.into(), env::var_os(name)?)))
        .collect();
    Some(Program {
        path,
        arguments,
        environment,
    })
}
