//! Fetch: the only room that touches the network.
//!
//! `http` is the one HTTP client; `file` downloads a file behind HTTP into the landing; `arcgis` pulls a layer of an
//! ArcGIS service. What the time is, the caller says; what lands, `store` writes.

pub mod arcgis;
pub mod error;

pub mod http;

pub use error::FetchError;
