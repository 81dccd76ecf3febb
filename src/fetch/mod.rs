//! Fetch: the only room that touches the network.
//!
//! `http` is the one HTTP client; `file` downloads a file behind HTTP into the landing; `arcgis` pulls a layer of an
//! ArcGIS service; `ranges` reads a release that somebody serves. What the time is, the caller says; what lands, `store` writes.

pub mod arcgis;
mod content;
pub mod error;
pub mod file;
pub mod http;
mod landing;
mod ranges;
mod store_url;

pub use error::FetchError;
pub use landing::Landing;
pub use ranges::{ReleaseUrlError, ServedFiles, latest_of_store, open_served_release};
pub use store_url::{BadStoreUrl, StoreUrl};
