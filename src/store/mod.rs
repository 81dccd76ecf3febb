//! Durability: what is landed, staged and published stands whole on disk, or not at all.
//!
//! The only room that creates, renames or removes files, and within it only `disk` does so.
//! May use: `feature`. Must not read the clock, the environment or the network; times are arguments.
//!
//! ```text
//! <store>/
//!   lock                    held by the one run that may write
//!   landing/<layer>/        sources' bytes under their digest, each with a record
//!     held.json             which of them was fetched last, and how
//!     pages/                pages of pulls, compressed, under their digest
//!     pull/  partial*       a pull or a download that is not accepted yet
//!   checked.json            what the files of the latest release were like when their digests were last checked
//!   work/<release>/         a release in the making; what a dead run left there is removed, but for layers in its
//!     finished/             list, which the next run takes over
//!   log/<release>.log
//!   gate/<layer>.json      what the gate held back, and what was accepted
//!   tallies/<collection>.json  what was counted of its tiles, for nights on which they are the same
//!   sets/<set>.polygons     polygon sets of the pipeline as they were read and indexed, for nights on which they are the same
//!   pointed.json            since when which release was the latest
//!   frozen.json             who has gone back to an earlier release, so that nights don't become the latest
//!   public/                 all that a web server may serve
//!     releases/<release>/     immutable once published
//!     releases/<release>.json its record: what `latest.json` holds when it points here
//!     latest.json             swapped by rename, last
//!     latest                  a link to the same release, for looking and for single files
//!     feed.xml                the releases as an Atom feed
//!     history.json            counts of every release, also of those that are gone
//!     pins.json, pins/<name>  releases that are kept for good, and links to those that have a name
//! ```
//!
//! What is published may be read by those whom the folder `releases` lets in; all else is the owner's alone. A record that
//! is damaged counts as none; whoever holds the lock sets it aside, as `<name>.damaged`.

mod care;
mod carry;
mod consistency;
mod digest;
mod disk;
mod download;
mod error;
#[cfg(test)]
mod fault;
mod finished;
#[cfg(test)]
mod fixture;
mod folder;
mod gate;
mod heal;
mod held;
mod history;
mod keep;
mod kept_files;
mod landed;
mod landing;
mod landing_error;
mod layout;
mod link;
mod lock;
mod manifest;
mod move_over;
mod new_files;
mod open;
mod parcel;
mod pins;
mod pointer;
mod problem;
mod prune;
mod publish;
mod pull;
mod pull_record;
mod record;
mod regular;
mod release;
mod release_file;
mod repair;
mod retention;
mod scratch;
mod staged;
mod staging;
mod tally;
mod text;

pub use care::Care;
pub use digest::has_digest;
pub use download::{Download, Unfinished};
pub use error::StoreError;
pub use gate::GateRecord;
pub use heal::Repair;
pub use held::HeldCopy;
pub use keep::Keep;
pub use kept_files::{KeptFolder, digest_of_source};
pub use landing_error::LandingError;
pub use layout::Store;
pub use lock::Lock;
pub use manifest::{Manifest, ManifestFile, check_manifest, read_manifest};
pub use new_files::{NewFiles, refuse_taken};
pub use problem::{Problem, ProblemKind};
pub use publish::{Publication, Published, ReleaseCopy};
pub use pull::Pull;
pub use regular::read_regular;
pub use release::{Latest, ReleaseInfo};
pub use release_file::ReleaseFile;
pub use retention::{LandedCopy, Retention};
pub use scratch::Scratch;
pub use staged::Staged;
pub use staging::Staging;
pub use text::write_texts;

use layout::check_name;
