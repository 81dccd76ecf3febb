//! The words of a release: how it is called, what its files are called, and what products it may hold.
//!
//! LEAF. Whoever writes, carries, describes, checks or reads a file of a release takes its path from here.

mod data_digest;
mod id;
pub mod paths;
pub mod product_names;
mod urls;

pub use data_digest::data_digest;
pub use id::{BadReleaseId, ReleaseId};
pub use urls::{percent_encoded, tile_urls};
