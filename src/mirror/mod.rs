//! A store filled from another one behind any static web server: its latest release, file by file, only what differs.
//!
//! The pointer, then the manifest that it vouches for, then every file that no release here has under the same path with the
//! same digest. Of a Parquet file that has a delta of the one that is here, the delta is fetched in its place. Each is compared with the digest that the manifest has; a release appears whole, or not at all. May use: `fetch`
//! (the one HTTP client), `store` (where files are made), `delta`, `source` (footers that are not to be trusted), `plan` (how a server is asked), `feature`. The time is an argument.

mod derived;
mod error;
mod files;
mod made;
mod source;
mod sync;

pub use derived::DerivedFiles;
pub use error::MirrorError;
pub use made::has_sound_footer;
pub use sync::{SyncRequest, Synced, sync_release};
