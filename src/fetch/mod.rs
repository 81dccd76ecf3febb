//! Fetch: the only room that touches the network.
//!
//! `http` is the one HTTP client; `file` downloads a file behind HTTP into the landing. What the time is, the
//! caller says; what lands, `store` writes.

pub mod error;

pub mod http;

pub use error::FetchError;
