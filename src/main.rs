//! Parse, run, print the error, exit: nothing else prints errors.

use std::io;
use std::process::ExitCode;

use clap::Parser;

use cikr::cli::Cli;
use cikr::report;
use tikv_jemallocator::Jemalloc;

// glibc's allocator keeps what threads have freed, up to twice what is in use: `--memory` would bound what
// the program asks for, and not what it takes of the machine.
/// Gives back what is freed.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse(); // usage errors: clap exits 2
    // Before anything is loaded that a core dump could show.
    cikr::cli::forbid_core_dumps();
    let logging = report::init_logging(cli.verbosity(), cli.log_format);
    match cli.run(&logging, &mut io::stdout().lock()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            report::print_error(&error, logging.veil());
            ExitCode::from(error.exit_code())
        }
    }
}
