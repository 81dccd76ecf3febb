//! A polygon set larger than memory: indexed a partition at a time, asked a partition at a time.
//!
//! *File*: polygons come one by one, are cut at the antimeridian and wait in a scratch file; in memory is
//! where each begins, and which squares of the world it meets. *Build*: squares along a curve make partitions of about so
//! many vertices; each partition's polygons are read back, indexed and written as bytes, and dropped.
//! *Ask*: points are grouped by partition, and each partition that has any is read once. A polygon
//! belongs to every partition that its box meets, so that one partition always knows the whole answer for a point.
//!
//! In memory for the whole set: codes and names, some 16 bytes a polygon and 8 for each square it meets.
//! Knows no nearest polygon: what is near may be in another partition.

mod builder;
mod error;
mod filing;
mod index;
mod polygons;
mod squares;
mod streams;

pub use builder::PartitionedIndexBuilder;
pub use error::PartitionError;
pub use index::PartitionedIndex;
