//! An index over one polygon set: which polygon holds a point, and which is nearest.
//!
//! *Filter*: a grid of two levels says which polygons hold all of a cell, and which edges may touch it.
//! *Refine*: these few edges decide exactly. For what is near, an R-tree over runs of edges, and
//! geodesics. Knows codes and shapes; columns, kinds and vintages are `locate`'s.
//!
//! # The antimeridian
//!
//! Polygons are indexed within longitudes -180..=180; whatever isn't written so is cut first, by RFC 7946,
//! section 3.1.9, read backwards. Ring by ring:
//!
//! - an edge is straight in longitude and latitude, and takes the shorter way around the world: a jump
//!   of more than 180° between neighbours crosses ±180, and longitudes beyond ±180 (0..360) are the
//!   same less a turn. An edge of exactly 180° goes as it is written;
//! - so a single edge across an ocean, -170 to 170, is the 20° at the antimeridian, and not the 340° by way of
//!   Greenwich; whoever means the latter puts a vertex between;
//! - a rectangle from exactly -180 to exactly 180 stays as it is: the world, or a belt of it;
//! - a ring that goes around the world holds the pole that it is nearer to by its mean latitude; two of them in one
//!   polygon hold the belt between them;
//! - rings with no such edge and no such longitude stay bit for bit.
//!
//! The meridians ±180 are one, and so are all longitudes at a pole: what touches either holds its points
//! however they are written. Longitudes of points count the same after a turn.

mod boundary;
mod edge;
mod geodesic;
mod grid;
mod index;
mod meridian;
mod nearest;
mod outlines;
mod partitioned;
mod shares;
mod stored;
mod touched;
mod tree;

#[cfg(test)]
mod tests;

pub use boundary::{Boundary, Match};
pub use geodesic::Viewpoint;
pub use index::JurisdictionIndex;
pub use partitioned::{PartitionError, PartitionedIndex, PartitionedIndexBuilder};
pub use shares::{JurisdictionShare, Overlaps, ShareRule, Shares, SurfaceIndex, measure_of};
pub use stored::{StoredBoundaries, StoredIndexError, read_boundaries, write_boundaries};
