//! `--threads N` bounds every pool.
//!
//! Rayon's global pool is built here. Polars reads `POLARS_MAX_THREADS` once, before its first use,
//! and a running program can't set its own environment safely: so the program starts itself again
//! with the variable set, once.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::error::Error;

const POLARS: &str = "POLARS_MAX_THREADS";

/// Bounds rayon and polars to `threads`.
pub(super) fn bound_pools(threads: Option<u16>) -> Result<(), Error> {
    let Some(threads) = threads else { return Ok(()) };
    let wanted = threads.to_string();
    #[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
    let set = env::var(POLARS).ok();
    // The second time it is set, and the program goes on.
    if set.as_deref() != Some(&wanted) {
        let program = env::current_exe().map_err(|source| Error::Threads { source })?;
        let failure = Command::new(program)
            .args(env::args_os().skip(1))
            .env(POLARS, wanted)
            .exec();
        return Err(Error::Threads { source: failure });
    }
    // Fails only where a pool exists already, which then is this very one.
    drop(
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(threads))
            .build_global(),
    );
    Ok(())
}
