//! Questions answered from a release as it lies: in a folder, or behind any static server that knows ranges.
//!
//! A release is a packed R-tree: items (a box for each tile), row groups (statistics of the covering), pages (its column index),
//! rows. A [`Question`] goes down that tree and reads what an answer needs: [`Release::ask`] gives an [`Answer`], which hands
//! out rows some thousand at a time and tells what it has read ([`Account`]). What is nearest is found best-first, by the least
//! geodesic distance of boxes and the exact one of rows.
//!
//! ```text
//! Question ─▶ Descent: tiles ▶ row groups ▶ runs of rows ─▶ Scan: lots of bytes ▶ rows ─┬─▶ Sorted ─▶ Answer
//!             └────────────▶ Nearest: the same nodes, the nearest first ────────────────┘
//! ```
//!
//! A [`Release`] is for many questions at once: it keeps footers and page indexes in a cache of bounded size, and no other state.
//! May use: `select` (which rows), `geoparquet` (how a tile is read), `kernel` (distances), `source` (footers that are not to be
//! trusted), `config` (did you mean), `feature`. Opens files of a release; writes nothing, and knows no network: who answers for
//! files is handed in ([`crate::feature::ReleaseFiles`]).

mod account;
mod answer;
mod cache;
mod constants;
mod descent;
mod error;
mod folder;
mod inspect;
mod items;
mod levels;
mod nearest;
mod order;
mod project;
mod question;
mod reach;
mod reader;
mod release;
mod scan;
mod within;

pub use account::{Account, Share};
pub use answer::{Answer, AnswerHead};
pub use error::QueryError;
pub use folder::FolderFiles;
pub use inspect::{ColumnWeight, Inspection, WindowReads, inspect};
pub use levels::{LevelShape, Spread};
pub use question::{Limits, Near, Order, Question, ROW_NUMBER};
pub use release::Release;
pub use within::{BadWithin, Within};
