//! OGC API – Features, Part 1: Core (OGC 17-069r4), with GeoJSON and OpenAPI 3.0; filters as in Part 3 (OGC 19-079r2).
//!
//! A collection is a layer or the inventory, a feature a facility. Pages go on where the one before ended, by the number of a row
//! within its release, and stay with that release.
//! May use: all of `serve` below `routes`, `query`, `select`, `export`.

mod about;
mod ask;
mod collections;
mod items;
mod openapi;
mod openapi_schemas;
mod pages;

pub(super) use about::{conformance, landing};
pub(super) use ask::show_no_more;
pub(super) use collections::{asked_collection, collection, collections, queryables};
pub(super) use items::{item, items};
pub(super) use openapi::api;
