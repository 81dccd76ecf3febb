//! cikr takes stock of a nation's critical infrastructure.
//!
//! Facility layers go in, GeoParquet tiles for regional teams come out, in ten stages:
//! **fetch → read → normalise → classify → locate → pack → write → derive → catalog → publish**.
//!
//! ```text
//! landing ─read─▶ RawBatch ─map─▶ StageBatch ─fold─▶ RowStore ─pack─▶ Tile ─write─▶ tiles
//!                 typed           normalise,   │     by region,  an R-tree   │
//!                                 classify,    │     within a    per region  └──▶ observers ─▶ products
//!                                 locate       │     budget
//!                                              └───▶ LayerTally (counts, profile), rejects, flags
//! ```
//!
//! *map* (`kernel::map`) knows one batch, so that many are mapped at once; *fold* (`engine`) takes them in
//! the order of the source; *route*: a `RowStore` keeps their rows by region, in memory or in a scratch file;
//! *pack* orders a region and hands on its tiles, row group by row group; *observers* (`derive`) look at
//! these while they are in memory. `docs/architecture.md` tells of each, of the rooms that the modules here
//! are and what each may import, of the laws, and of what is touched to add a format or a product.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests prepare files of their own")
)]

pub mod catalog;
pub mod cli;
pub mod config;
pub mod delta;
pub mod derive;
pub mod draft;
pub mod engine;
pub mod error;
pub mod export;
pub mod feature;
pub mod fetch;
pub mod gate;
pub mod geoparquet;
pub mod join;
pub mod kernel;
pub mod mirror;
pub mod page;
pub mod plan;
pub mod query;
pub mod report;
pub mod run;
pub mod select;
pub mod serve;
pub mod source;
pub mod store;
pub mod vector_tiles;
pub mod verify;
