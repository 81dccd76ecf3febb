//! Well-known binary in and out: hostile bytes in, little-endian ISO WKB 2-D out.
//!
//! Reads by itself, because the `wkb` crate takes curve types for points and lines (it looks at
//! three bits of the type) and panics on a multi-point whose members claim an SRID; it does write.

mod reader;

use geo::Geometry;
use wkb::writer::{WriteOptions, write_geometry};

use super::fault::Fault;
use crate::feature::RejectReason;
use reader::Reader;

pub use reader::Decoded;

/// Reads a geometry from ISO WKB or EWKB in either byte order; Z, M and SRID are left out.
///
/// Rings are closed. A degenerate part beside good ones is dropped: an empty point, a line with
/// less than two distinct points, a polygon or hole with less than three. Where no part is good
/// they stay, and `check` tells. Curves become straight segments, and a collection whose members are all of one
/// family is the multi-geometry of them. Never allocates more than a small multiple of the input, of arcs 180 points each.
///
/// # Errors
/// `EmptyGeometry` for an empty point or collection; `ImpossibleGeometry` for a collection of several families, a surface of faces,
/// and bytes that end early or go on after the geometry.
///
/// ```
/// use cikr::kernel::geometry::read;
/// use geo::point;
///
/// // A point of EWKB at 1, 2 that states EPSG:4326.
/// let ordinates = [1.0f64, 2.0].map(f64::to_le_bytes).concat();
/// let wkb = [&[1, 1, 0, 0, 0x20][..], &4326u32.to_le_bytes(), &ordinates].concat();
/// let decoded = read(&wkb).unwrap();
/// assert_eq!(decoded.geometry, point! { x: 1.0, y: 2.0 }.into());
/// assert_eq!(decoded.srid, Some(4326));
/// ```
pub fn read(wkb: &[u8]) -> Result<Decoded, Fault> {
    Reader::new(wkb).read_whole()
}

/// Bytes of a point of ISO WKB in two dimensions: byte order, type, x, y.
const POINT_BYTES: usize = 21;

/// The coordinates of a point of plain WKB in two dimensions; none of anything else, which [`read`] may know.
///
/// Allocates nothing, and is what most rows of most layers are. The coordinates may be no numbers.
///
/// ```
/// use cikr::kernel::geometry::{encode, plain_point};
/// use geo::{point, wkt};
///
/// let mut wkb = Vec::new();
/// encode(&point! { x: -95.4, y: 29.8 }.into(), &mut wkb);
/// assert_eq!(plain_point(&wkb), Some([-95.4, 29.8]));
/// wkb.clear();
/// encode(&wkt!(MULTIPOINT(1. 2.)).into(), &mut wkb);
/// assert_eq!(plain_point(&wkb), None);
/// ```
#[inline]
pub fn plain_point(wkb: &[u8]) -> Option<[f64; 2]> {
    let bytes: &[u8; POINT_BYTES] = wkb.try_into().ok()?;
    let (head, ordinates) = bytes.split_first_chunk::<5>()?;
    let (x, rest) = ordinates.split_first_chunk::<8>()?;
    let y = rest.first_chunk::<8>()?;
    match head {
        [1, 1, 0, 0, 0] => Some([f64::from_le_bytes(*x), f64::from_le_bytes(*y)]),
        [0, 0, 0, 0, 1] => Some([f64::from_be_bytes(*x), f64::from_be_bytes(*y)]),
        _ => None,
    }
}

/// Whether WKB says that it is a collection of geometries of any kind.
pub fn is_collection(wkb: &[u8]) -> bool {
    Reader::new(wkb).begins_collection()
}

/// Of a collection of several kinds of geometry its polygons, as WKB with its SRID; none where it has none, or is no such
/// collection. For sets of areas, of which points and lines are no part.
pub fn areas(wkb: &[u8]) -> Option<Vec<u8>> {
    let decoded = Reader::new(wkb).read_areas()?;
    let mut areas = Vec::new();
    encode(&decoded.geometry, &mut areas);
    if let Some(srid) = decoded.srid {
        // EWKB has it behind byte order and type; a bit of the type's highest byte says that it is there.
        areas.splice(5..5, srid.to_le_bytes());
        areas[4] |= 0x20;
    }
    Some(areas)
}

/// The geometry alone, and of what is wrong the code alone: enough for what this program has written.
///
/// ```
/// use cikr::feature::RejectReason;
/// use cikr::kernel::geometry::{decode, encode};
/// use geo::{Geometry, point};
///
/// let houston: Geometry<f64> = point! { x: -95.4, y: 29.8 }.into();
/// let mut wkb = Vec::new();
/// encode(&houston, &mut wkb);
/// assert_eq!(wkb.len(), 21);
/// assert_eq!(decode(&wkb), Ok(houston));
/// assert_eq!(decode(&wkb[..20]), Err(RejectReason::ImpossibleGeometry));
/// ```
///
/// # Errors
/// As [`read`].
pub fn decode(wkb: &[u8]) -> Result<Geometry<f64>, RejectReason> {
    read(wkb)
        .map(|decoded| decoded.geometry)
        .map_err(|fault| fault.reason)
}

/// Appends a geometry as little-endian ISO WKB, 2-D.
///
/// # Panics
/// If a part has 2^32 points, a number that WKB has no room for.
pub fn encode(geometry: &Geometry<f64>, out: &mut Vec<u8>) {
    write_geometry(out, geometry, &WriteOptions::default())
        .expect("memory takes every byte, and counts fit 32 bits");
}

/// GeoParquet's name for the type of what `encode` wrote: ISO codes 1 to 6.
///
/// ```
/// use cikr::kernel::geometry::{encode, type_of};
/// use geo::{MultiPoint, point};
///
/// let mut wkb = Vec::new();
/// encode(&MultiPoint::new(vec![point! { x: 1.0, y: 2.0 }]).into(), &mut wkb);
/// assert_eq!(type_of(&wkb), "MultiPoint");
/// ```
pub fn type_of(wkb: &[u8]) -> &'static str {
    match wkb.get(1) {
        Some(1) => "Point",
        Some(2) => "LineString",
        Some(3) => "Polygon",
        Some(4) => "MultiPoint",
        Some(5) => "MultiLineString",
        _ => "MultiPolygon",
    }
}

#[cfg(test)]
mod tests;
