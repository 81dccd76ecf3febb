//! Parse, run, print the error, exit: nothing else prints errors.

use std::io;
use std::process::ExitCode;

use clap::Parser;

use cikr::cli::Cli;
use cikr::report;
use tikv_jemallocator::Jemalloc;

/// So that memory that is freed is free again: what a run takes of the machine is what `--memory` says.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse(); // usage errors: clap exits 2
    cikr::cli::keep_to_itself();
    let logging = report::init(cli.verbosity(), cli.log_format);
    match cli.run(&logging, &mut io::stdout().lock()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            report::error(&error, logging.veil());
            ExitCode::from(error.exit())
        }
    }
}
