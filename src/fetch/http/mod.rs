//! The one HTTP client: who asks, how often, how patiently, and what of an answer is believed.
//!
//! Everything is synchronous; tokio lives hidden inside `reqwest::blocking`. The environment and the clock
//! stay outside: proxies come through the settings, and durations are measured, not dated.

mod backoff;
mod body;
mod client;
mod deadline;
mod error;
mod gate;
mod login;
mod mask;
mod part;
mod question;
mod range;
mod redirect;
mod request;
mod retry;
mod retry_after;
mod send;
mod settings;
mod tokens;

pub use body::Stream;
pub use client::Client;
pub use deadline::{Deadline, Time};
pub use error::HttpError;
pub use mask::Mask;
pub use question::{Answer, Ask, Open};
pub use range::ContentRange;
pub use settings::{ClientSettings, Proxies};
