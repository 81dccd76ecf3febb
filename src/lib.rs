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
//! *map* (`kernel::map`) knows one batch, so that many are mapped at once; *fold* (`engine`) takes them in the order of
//! the source; *route*: a `RowStore` keeps their rows by region, in memory or in a scratch file; *pack* orders a region
//! and hands on its tiles, row group by row group; *observers* (`derive`) look at these while they are in memory.
//! `docs/architecture.md` tells of each, of the laws, and of what is touched to add a format or a product.
//!
//! | room | what it does | may import |
//! |---|---|---|
//! | `feature` | the values that flow | nothing |
//! | `esri` | ArcGIS pages in protocol buffers as Esri JSON | nothing |
//! | `spec` | what people write, and where its mistakes are | nothing |
//! | `plan` | spec → plan, every mistake at once | `spec`, `feature` |
//! | `store` | the only room that creates or renames files | `feature` |
//! | `source` | landed bytes → `RawBatch`; the only room that names GDAL | `plan`, `feature`, `store`, `esri` |
//! | `fetch` | the only room that touches the network | `plan`, `feature`, `store`, `esri` |
//! | `kernel` | pure columns → columns | `plan`, `feature` |
//! | `engine` | map → fold → route → pack, in parallel and within a budget of memory | `kernel`, `source`, `plan`, `feature` |
//! | `gate` | whether a source's change is let through: last report + this run's measures → findings | `plan`, `feature` |
//! | `geoparquet` | tiles and tables as Parquet | `feature` |
//! | `derive` | products: what each looks at, what it makes, how it is checked and carried | `plan`, `feature`, `kernel`, `geoparquet` |
//! | `catalog` | STAC, items, data dictionary | `plan`, `feature`, `geoparquet` |
//! | `error` | the rooms' errors folded, exit codes | `catalog`, `derive`, `engine`, `feature`, `geoparquet`, `source`, `spec`, `store` |
//! | `run` | the stages in order, the clock | every room above |
//! | `draft` | a first schema from a file | `source`, `kernel`, `plan`, `feature`, `error` |
//! | `report` | log, progress, summary | `error`, `feature`, `spec` |
//! | `cli` | flags into calls, the environment | `run`, `draft`, `report` and what they take |
//!
//! A test reads every `use crate::` and fails on any other arrow.

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "tests prepare files of their own")
)]

pub mod catalog;
pub mod cli;
pub mod derive;
pub mod draft;
pub mod engine;
pub mod error;
pub mod esri;
pub mod feature;
pub mod fetch;
pub mod gate;
pub mod geoparquet;
pub mod kernel;
pub mod plan;
pub mod report;
pub mod run;
pub mod source;
pub mod spec;
pub mod store;
