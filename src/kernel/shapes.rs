//! A batch's geometries: decoded, transformed to OGC:CRS84, checked; bad ones told apart by row.

use arrow_array::{Array, BinaryArray};
use geo::Geometry;
use rayon::prelude::*;
use wkt::ToWkt;

use super::geometry::{Decoded, Fault, check, check_any, decode, read, reproject};
use super::quote::shortened;
use crate::feature::{Crs, Defect, FlagCode, RejectReason, Repairs, Reproject, RowFlag};
use crate::plan::GeometryKind;

/// Rows handed to a thread at once: a point alone is less work than handing it over.
const CHUNK_ROWS: usize = 256;

/// A batch's geometries.
#[derive(Debug)]
pub struct Prepared {
    /// Every row's, where it can stand in a tile.
    pub shapes: Vec<Option<Geometry<f64>>>,
    /// Why the others can't, by row.
    pub defects: Vec<Defect>,
    /// What was left out of them or straightened.
    pub repairs: Repairs,
    /// Points with a coordinate of exactly zero, as the source has it.
    pub zeros: Vec<RowFlag>,
}

/// Every row's geometry where it can stand in a tile, and why the others can't.
pub fn prepare(
    wkb: &BinaryArray,
    crs: &Crs,
    kind: GeometryKind,
    transform: Option<&dyn Reproject>,
) -> Prepared {
    prepare_as(wkb, crs, Some(kind), transform)
}

/// As [`prepare`], for rows that may be points, lines and surfaces side by side.
///
/// ```
/// use arrow_array::BinaryArray;
/// use cikr::feature::Crs;
/// use cikr::kernel::geometry::encode;
/// use cikr::kernel::shapes::prepare_any;
/// use geo::{point, wkt};
///
/// let rows = [point! { x: -95.4, y: 29.8 }.into(), wkt!(LINESTRING(1. 2.,3. 4.)).into()].map(|shape| {
///     let mut wkb = Vec::new();
///     encode(&shape, &mut wkb);
///     wkb
/// });
/// let prepared = prepare_any(&BinaryArray::from_iter_values(rows), &Crs::Crs84, None);
/// assert!(prepared.shapes.iter().all(Option::is_some) && prepared.defects.is_empty());
/// ```
pub fn prepare_any(wkb: &BinaryArray, crs: &Crs, transform: Option<&dyn Reproject>) -> Prepared {
    prepare_as(wkb, crs, None, transform)
}

/// Of one family of geometries, or of any.
fn prepare_as(
    wkb: &BinaryArray,
    crs: &Crs,
    kind: Option<GeometryKind>,
    transform: Option<&dyn Reproject>,
) -> Prepared {
    let srid = srid_of(crs);
    let rows = (0..wkb.len()).into_par_iter().with_min_len(CHUNK_ROWS);
    let Some(transform) = transform else {
        let rows = rows.map(|row| decode_row(wkb, row, srid).and_then(|decoded| checked(decoded, kind)));
        return split_by_fate(rows.collect());
    };
    // Many geometries go through PROJ in one call, so that decoding, transforming and checking are three passes here.
    let mut prepared = split_by_fate(rows.map(|row| decode_row(wkb, row, srid)).collect());
    for (row, reason) in reproject(&mut prepared.shapes, transform) {
        // As the source has it: the transformed one is gone, and would say nothing to whoever looks it up.
        let text =
            decode(wkb.value(row)).map_or_else(|_| String::new(), |shape| shortened(&shape.wkt_string()));
        prepared.defects.push(to_defect(row, (reason, text)));
    }
    // Checked in OGC:CRS84: what is out of range, or has its axes exchanged, shows in degrees alone.
    let checked = prepared.shapes.par_iter().enumerate().with_min_len(CHUNK_ROWS);
    let refused: Vec<Defect> = checked
        .filter_map(|(row, shape)| {
            let shape = shape.as_ref()?;
            check_family(shape, kind)
                .err()
                .map(|fault| to_defect(row, rejection(fault, shape)))
        })
        .collect();
    for refused in &refused {
        prepared.shapes[refused.index] = None;
    }
    prepared.defects.extend(refused);
    prepared.defects.sort_by_key(|defect| defect.index);
    prepared
}

/// A row's geometry out of WKB, unless it states another CRS than its source.
fn decode_row(wkb: &BinaryArray, row: usize, srid: Option<u32>) -> Result<Decoded, Rejection> {
    if wkb.is_null(row) {
        return Err((RejectReason::NullGeometry, String::new()));
    }
    let decoded = read(wkb.value(row)).map_err(|fault| (fault.reason, fault.reject_value("")))?;
    // The `SRID` of EWKB. Where it contradicts the source, nothing tells which of them is right, and a CRS is never guessed.
    match (decoded.srid, srid) {
        (Some(stated), Some(expected)) if common_srid(stated) != expected => {
            let text = format!("SRID={stated};{}", decoded.geometry.wkt_string());
            Err((RejectReason::OtherCrs, shortened(&text)))
        }
        _ => Ok(decoded),
    }
}

/// The number of a CRS, as an SRID has it; none where it has none, and nothing can be held against it.
fn srid_of(crs: &Crs) -> Option<u32> {
    match crs {
        Crs::Crs84 => Some(4326),
        Crs::Code(code) => code
            .strip_prefix("EPSG:")
            .or_else(|| code.strip_prefix("ESRI:"))?
            .parse()
            .ok()
            .map(common_srid),
        Crs::Wkt(_) => None,
    }
}

/// The number by which most know a CRS that has several: Web Mercator has three of Esri and Google besides.
fn common_srid(srid: u32) -> u32 {
    if matches!(srid, 102_100 | 102_113 | 900_913 | 3785) {
        3857
    } else {
        srid
    }
}

/// Why a row has no geometry, and what is to be told of the one that it had.
type Rejection = (RejectReason, String);

fn rejection(fault: Fault, shape: &Geometry<f64>) -> Rejection {
    (fault.reason, shortened(&fault.reject_value(&shape.wkt_string())))
}

fn check_family(shape: &Geometry<f64>, kind: Option<GeometryKind>) -> Result<(), Fault> {
    match kind {
        Some(kind) => check(shape, kind),
        None => check_any(shape),
    }
}

fn checked(decoded: Decoded, kind: Option<GeometryKind>) -> Result<Decoded, Rejection> {
    match check_family(&decoded.geometry, kind) {
        Ok(()) => Ok(decoded),
        Err(fault) => Err(rejection(fault, &decoded.geometry)),
    }
}

/// Geometries by row, and the rows that have none.
fn split_by_fate(rows: Vec<Result<Decoded, Rejection>>) -> Prepared {
    let mut defects = Vec::new();
    let mut repairs = Repairs::default();
    let mut shapes = Vec::with_capacity(rows.len());
    for (row, decoded) in rows.into_iter().enumerate() {
        shapes.push(match decoded {
            Ok(decoded) => {
                repairs.dropped_parts += decoded.dropped_parts;
                repairs.mended_parts += u64::from(decoded.dropped_parts > 0);
                repairs.straightened += u64::from(decoded.is_straightened);
                Some(decoded.geometry)
            }
            Err(rejection) => {
                defects.push(to_defect(row, rejection));
                None
            }
        });
    }
    // Now, not later: a projection moves zeros to where nobody would know them.
    let zeros = zero_coordinate_flags(&shapes);
    Prepared {
        shapes,
        defects,
        repairs,
        zeros,
    }
}

/// Points with a coordinate of exactly zero, in whatever CRS: what stands where nobody knew a place.
fn zero_coordinate_flags(shapes: &[Option<Geometry<f64>>]) -> Vec<RowFlag> {
    let mut flags = Vec::new();
    for (index, shape) in shapes.iter().enumerate() {
        let Some(Geometry::Point(point)) = shape else {
            continue;
        };
        let detail = match (point.x() == 0.0, point.y() == 0.0) {
            (true, true) => "both coordinates",
            (true, false) => "x",
            (false, true) => "y",
            (false, false) => continue,
        };
        flags.push(RowFlag {
            index,
            field: "geometry".to_owned(),
            value: format!("POINT({} {})", point.x(), point.y()),
            code: FlagCode::ZeroCoordinate,
            detail: detail.to_owned(),
        });
    }
    flags
}

fn to_defect(index: usize, (reason, value): Rejection) -> Defect {
    Defect {
        index,
        field: "geometry".to_owned(),
        value,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point of EWKB at 1, 2 that states an SRID.
    fn point(srid: u32) -> Vec<u8> {
        let ordinates = [1.0f64, 2.0].map(f64::to_le_bytes).concat();
        [
            &[1][..],
            &0x2000_0001u32.to_le_bytes(),
            &srid.to_le_bytes(),
            &ordinates,
        ]
        .concat()
    }

    #[test]
    fn a_geometry_that_states_another_crs_is_kept_out() {
        let code = |code: &str| Crs::Code(code.to_owned());
        let cases = [
            (Crs::Crs84, 4326, true),
            (Crs::Crs84, 26915, false),
            (code("EPSG:4269"), 4269, true),
            (code("EPSG:4269"), 4326, false),
            (code("EPSG:3857"), 102_100, true),
            (code("ESRI:102100"), 3857, true),
            (code("EPSG:3857"), 0, true),
            (Crs::Wkt("LOCAL_CS[\"mine\"]".to_owned()), 26915, true),
        ];
        for (crs, srid, is_good) in cases {
            let wkb = BinaryArray::from_vec(vec![&point(srid)]);
            let Prepared { shapes, defects, .. } = prepare(&wkb, &crs, GeometryKind::Point, None);
            assert_eq!(shapes[0].is_some(), is_good, "{srid} in {crs}");
            let told = defects.iter().map(|defect| (defect.reason, defect.value.clone()));
            let expected = (RejectReason::OtherCrs, format!("SRID={srid};POINT(1 2)"));
            assert_eq!(
                told.collect::<Vec<_>>(),
                if is_good { vec![] } else { vec![expected] }
            );
        }
    }
}
