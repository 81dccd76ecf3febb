//! One geometry: from WKB, into OGC:CRS84, fit for a tile or not, its box and point, and back to WKB.
//!
//! Knows geometries one by one; columns are `normalise`'s, jurisdictions are `locate`'s.
//! The order of use is `decode` → `reproject` → `check` → `covering`, `representative_point`, `encode`.

mod area;
mod bounds;
mod check;
mod crossings;
mod extent;
mod fault;
mod outline;
mod reproject;
mod rfc7946;
mod simplify;
mod wkb;

pub use area::area_km2;
pub use bounds::wkb_bounds;
pub use check::{check, check_any};
pub use extent::{covering, representative_point, round_outward, type_name};
pub use fault::Fault;
pub use outline::outline;
pub use reproject::reproject;
pub use rfc7946::{as_geojson, shortest_degrees};
pub use simplify::{Simplified, simplify};
pub use wkb::{Decoded, areas, decode, encode, is_collection, plain_point, read, type_of};
