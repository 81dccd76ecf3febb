//! How much of a line or surface lies in each jurisdiction, on the ellipsoid.
//!
//! Nothing is clipped. A line, and the border of a surface, is walked edge by edge: wherever it crosses a border,
//! the polygon behind it changes between held and not held, and what lies between two crossings is measured. The
//! area of a surface within a polygon is what the pieces of each one's border that lie in the other bound
//! (Green's theorem).
//!
//! Which edges cross is decided by exact predicates, with one shape pushed aside by less than any
//! number, so that nothing touches and everything either crosses or doesn't: shared borders, corners on edges and the like
//! are no cases of their own, and no rounding makes two answers contradict each other. Only where a crossing lies
//! is rounded, by some units of the last place.
//!
//! Knows ranks and shapes; codes are the index's.

mod answer;
mod areas;
mod bounds;
mod crossing;
mod cut;
mod edge;
mod ellipsoid;
mod even_odd;
mod faces;
mod layers;
mod lines;
mod members;
mod outline;
mod places;
mod question;
mod surface;
mod tally;
mod tree;
mod walk;
mod within;

pub use answer::{JurisdictionShare, Overlaps, ShareRule, Shares};
pub use faces::SurfaceIndex;
pub use question::measure_of;

#[cfg(test)]
mod tests;
