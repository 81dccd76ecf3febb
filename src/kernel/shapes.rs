//! A batch's geometries: decoded, transformed to OGC:CRS84, checked; bad ones told apart by row.

use std::collections::BTreeMap;

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
    let mut bad: BTreeMap<usize, (RejectReason, String)> = BTreeMap::new();
    let decoded: Vec<Result<Geometry<f64>, RejectReason>> = (0..wkb.len())
        .into_par_iter()
        .with_min_len(CHUNK)
        .map(|row| if wkb.is_null(row) { Err(RejectReason::NullGeometry) } else { decode(wkb.value(row)) })
        .collect();
    let mut shapes: Vec<Option<Geometry<f64>>> = Vec::with_capacity(decoded.len());
    for (row, decoded) in decoded.into_iter().enumerate() {
        if let Err(reason) = decoded {
            bad.insert(row, (reason, String::new()));
        }
        shapes.push(decoded.ok());
    }
    if let Some(transform) = transform {
        let text = |row: usize| decode(wkb.value(row)).map_or_else(|_| String::new(), |shape| quoted(&shape));
        let failed = reproject(&mut shapes, transform).into_iter();
        bad.extend(failed.map(|(row, reason)| (row, (reason, text(row)))));
    }
    let refused: Vec<(usize, RejectReason, String)> = shapes
        .par_iter()
        .enumerate()
        .with_min_len(CHUNK)
        .filter_map(|(row, shape)| {
            let shape = shape.as_ref()?;
            check(shape, kind).err().map(|reason| (row, reason, quoted(shape)))
        })
        .collect();
    for (row, reason, value) in refused {
        shapes[row] = None;
        bad.insert(row, (reason, value));
    }
    let defect = |(index, (reason, value)): (usize, (RejectReason, String))| Defect {
        index,
        field: "geometry".to_owned(),
        value,
        reason,
    };
    (shapes, bad.into_iter().map(defect).collect())
}

fn quoted(shape: &Geometry<f64>) -> String {
    shortened(&shape.wkt_string())
}
