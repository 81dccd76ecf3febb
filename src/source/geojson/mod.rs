//! GeoJSON: a `FeatureCollection` of any size, or a feature a line.
//!
//! Both are cut into features by their bytes (`json`), so that a bad feature costs itself alone and numbers keep their
//! spelling; what a feature is, `feature` says for both.

mod collection;
mod completeness;
mod feature;
mod geometry;
mod lines;

pub(super) use collection::CollectionRecords;
pub(super) use lines::LineRecords;
