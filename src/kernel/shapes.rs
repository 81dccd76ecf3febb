//! A batch's geometries: decoded, transformed to OGC:CRS84, checked; bad ones told apart by row.

use arrow_array::{Array, BinaryArray};
use geo::Geometry;
use rayon::prelude::*;
use wkt::ToWkt;

use super::geometry::{check, decode, decode_with_srid, reproject};
use super::normalise::shortened;
use crate::feature::{Crs, Defect, RejectReason, Reproject};
use crate::plan::GeometryKind;

/// Rows handed to a thread at once.
const CHUNK: usize = 256;

/// Every row's geometry where it can stand in a tile, and why the others can't, by row.
pub fn prepare(
    wkb: &BinaryArray,
    crs: &Crs,
    kind: GeometryKind,
    transform: Option<&dyn Reproject>,
) -> (Vec<Option<Geometry<f64>>>, Vec<Defect>) {
    let code = code_of(crs);
    let decoded = |row: usize| {
        if wkb.is_null(row) {
            return Err(unquoted(RejectReason::NullGeometry));
        }
        let (shape, srid) = decode_with_srid(wkb.value(row)).map_err(unquoted)?;
        match (srid, code) {
            (Some(srid), Some(code)) if usual(srid) != code => {
                Err((RejectReason::OtherCrs, shortened(&format!("SRID={srid};{}", shape.wkt_string()))))
            }
            _ => Ok(shape),
        }
    };
    let Some(transform) = transform else {
        let checked = |row: usize| decoded(row).and_then(|shape| sound(shape, kind));
        let rows = (0..wkb.len()).into_par_iter().with_min_len(CHUNK);
        return told_apart(rows.map(checked).collect());
    };
    let rows = (0..wkb.len()).into_par_iter().with_min_len(CHUNK);
    let (mut shapes, mut defects) = told_apart(rows.map(decoded).collect());
    for (row, reason) in reproject(&mut shapes, transform) {
        let text = decode(wkb.value(row)).map_or_else(|_| String::new(), |shape| quoted(&shape));
        defects.push(defect(row, (reason, text)));
    }
    let refused: Vec<Defect> = shapes
        .par_iter()
        .enumerate()
        .with_min_len(CHUNK)
        .filter_map(|(row, shape)| {
            let shape = shape.as_ref()?;
            check(shape, kind).err().map(|reason| defect(row, (reason, quoted(shape))))
        })
        .collect();
    for refused in &refused {
        shapes[refused.index] = None;
    }
    defects.extend(refused);
    defects.sort_by_key(|defect| defect.index);
    (shapes, defects)
}

/// The number of a CRS, as an SRID has it; none where it has none, and nothing can be held against it.
fn code_of(crs: &Crs) -> Option<u32> {
    match crs {
        Crs::Crs84 => Some(4326),
        Crs::Code(code) => {
            code.strip_prefix("EPSG:").or_else(|| code.strip_prefix("ESRI:"))?.parse().ok().map(usual)
        }
        Crs::Wkt(_) => None,
    }
}

/// The number by which most know a CRS that has several: Web Mercator has three of Esri and Google besides.
fn usual(srid: u32) -> u32 {
    if matches!(srid, 102_100 | 102_113 | 900_913 | 3785) { 3857 } else { srid }
}

/// Why a row has no geometry, and the text of the one that it had.
type Lacking = (RejectReason, String);

fn unquoted(reason: RejectReason) -> Lacking {
    (reason, String::new())
}

fn sound(shape: Geometry<f64>, kind: GeometryKind) -> Result<Geometry<f64>, Lacking> {
    match check(&shape, kind) {
        Ok(()) => Ok(shape),
        Err(reason) => Err((reason, quoted(&shape))),
    }
}

/// Geometries by row, and the rows that have none.
fn told_apart(rows: Vec<Result<Geometry<f64>, Lacking>>) -> (Vec<Option<Geometry<f64>>>, Vec<Defect>) {
    let mut defects = Vec::new();
    // In place: both are as large.
    let shape = |(row, shape): (usize, Result<Geometry<f64>, Lacking>)| {
        shape.map_err(|lacking| defects.push(defect(row, lacking))).ok()
    };
    let shapes = rows.into_iter().enumerate().map(shape).collect();
    (shapes, defects)
}

fn defect(index: usize, (reason, value): Lacking) -> Defect {
    Defect { index, field: "geometry".to_owned(), value, reason }
}

fn quoted(shape: &Geometry<f64>) -> String {
    shortened(&shape.wkt_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point of EWKB at 1, 2 that states an SRID.
    fn point(srid: u32) -> Vec<u8> {
        let ordinates = [1.0f64, 2.0].map(f64::to_le_bytes).concat();
        [&[1][..], &0x2000_0001u32.to_le_bytes(), &srid.to_le_bytes(), &ordinates].concat()
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
            let (shapes, defects) = prepare(&wkb, &crs, GeometryKind::Point, None);
            assert_eq!(shapes[0].is_some(), is_good, "{srid} in {crs}");
            let told = defects.iter().map(|defect| (defect.reason, defect.value.clone()));
            let expected = (RejectReason::OtherCrs, format!("SRID={srid};POINT(1 2)"));
            assert_eq!(told.collect::<Vec<_>>(), if is_good { vec![] } else { vec![expected] });
        }
    }
}
