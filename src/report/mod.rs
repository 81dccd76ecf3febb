//! What people see of a run while and after it happens: log, progress, summary, errors.
//!
//! stderr is talk: everything here but the summary's data goes there. Knows no stage's inside.

mod log;
mod progress;
mod quality;
mod registry;
mod summary;

pub use log::{LOG_FILE, LogFormat, Logging, init_logging};
pub use progress::Reporter;
pub use summary::{human_size, print_error, run_summary, show_mistakes};
