//! A store answered for over HTTP: its published files, its facilities as OGC API – Features, its tiles on maps, and its catalog
//! as a STAC API.
//!
//! ```text
//! connection ─▶ Request ─▶ route ─▶ handler (plain, on a thread that may wait) ─▶ Answer | Problem ─▶ connection
//!                                      │
//!                                      └─ Site: the latest release, older ones by id, what may be shown, bounds, counts
//! ```
//!
//! `server`, `connection`, `desk` and `body` are asynchronous, and short; all else are functions of a request that wait for nothing
//! but disks. A release is a snapshot: a request is answered from one, whatever is published meanwhile.
//! May use: `query` and `select` (questions), `export` (rows as text), `store` (which releases there are), `geoparquet`, `vector_tiles` (tiles of rows),
//! `feature`. Opens published files, by the manifest's entries alone and through no link; writes nothing, asks no other server.

mod answer;
mod archive;
mod body;
mod collection;
mod conditional;
mod connection;
mod desk;
mod error;
mod extent;
mod features;
mod files;
mod links;
mod made_tiles;
mod media;
mod metrics;
mod problem;
mod published;
mod release;
mod releases;
mod request;
mod response;
mod routes;
mod server;
mod settings;
mod shown;
mod site;
mod stac;
mod status;
mod stop;
mod summary;
mod tiles;

pub use error::ServeError;
pub use server::Server;
pub use settings::{BadBaseUrl, BaseUrl, Bounds, Settings};
pub use stop::Stop;
