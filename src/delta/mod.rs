//! A Parquet file of a release made of the one before it and of the rows that differ: a night that changes a hundredth of a
//! layer sends a hundredth of it.
//!
//! ```text
//! old file + new file ─ make_delta ─▶ delta        old file + delta ─ apply_delta ─▶ new file, byte for byte
//! ```
//!
//! A delta is a Parquet file itself: its rows are those of the new file that the old one doesn't have, and a [`Recipe`] in its footer
//! says how rows of both follow each other. Digests of files don't help here: one row more moves all that come after it in the
//! order of a packed R-tree, so that no page of a tile stays what it was, though nearly all of its rows do. That the same rows
//! give the same bytes is law 3. Whoever applies a delta compares the digest of what comes with that of the new file, and fetches
//! the whole of it where they differ.
//!
//! May use: `geoparquet`. Writes only into what it is handed.

mod apply;
mod digest;
mod error;
mod make;
mod recipe;
mod runs;

pub use apply::apply_delta;
pub use error::DeltaError;
pub use make::{FileVersion, make_delta};
pub use recipe::{Recipe, read_recipe};
