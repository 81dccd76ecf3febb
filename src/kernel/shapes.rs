//! A batch's geometries: decoded, transformed to OGC:CRS84, checked; bad ones told apart by row.

use arrow_array::{Array, BinaryArray};
use geo::Geometry;
use rayon::prelude::*;
use wkt::ToWkt;

use super::geometry::{check, decode, reproject};
use super::normalise::shortened;
use crate::feature::{Defect, RejectReason, Reproject};
use crate::plan::GeometryKind;

/// Rows handed to a thread at once.
const CHUNK: usize = 256;

/// Every row's geometry where it can stand in a tile, and why the others can't, by row.
pub fn prepare(
    wkb: &BinaryArray,
    kind: GeometryKind,
    transform: Option<&dyn Reproject>,
) -> (Vec<Option<Geometry<f64>>>, Vec<Defect>) {
    let decoded = |row: usize| {
        if wkb.is_null(row) { Err(RejectReason::NullGeometry) } else { decode(wkb.value(row)) }
    };
    let Some(transform) = transform else {
        let checked = |row: usize| decoded(row).map_err(unquoted).and_then(|shape| sound(shape, kind));
        let rows = (0..wkb.len()).into_par_iter().with_min_len(CHUNK);
        return told_apart(rows.map(checked).collect());
    };
    let rows = (0..wkb.len()).into_par_iter().with_min_len(CHUNK);
    let (mut shapes, mut defects) = told_apart(rows.map(|row| decoded(row).map_err(unquoted)).collect());
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
