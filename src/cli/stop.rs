//! What happens when somebody stops a run: a line, and the end.
//!
//! Nothing is tidied up: a run that is stopped leaves what a kill or a power cut would, which the next one goes on from.

use std::io;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};
use tracing::warn;

use crate::error::Error;
use crate::report::Logging;

/// Has Ctrl-C, and what service managers send, told of before the program ends by it.
///
/// # Errors
/// The system lets no signal be handled.
pub(super) fn tell_of_signals(logging: &Logging) -> Result<(), Error> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|source| Error::Signals { source })?;
    let bars = logging.bars().clone();
    // A thread of its own: in a handler of signals POSIX allows neither locks nor allocations, and a line of the
    // log takes both.
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // The bars are in the way of the line; where they can't be cleared there are none.
            let _: io::Result<()> = bars.clear();
            let signal_name = signal_name(signal).unwrap_or("a signal");
            warn!(
                signal = signal_name,
                "stopped; the next run goes on from the pages that have landed"
            );
            // As the system would have: the status tells which signal it was (130 or 143 in a shell).
            let _: io::Result<()> = emulate_default_handler(signal);
        }
    });
    Ok(())
}
