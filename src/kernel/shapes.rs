//! A batch's geometries: decoded, transformed to OGC:CRS84, checked; bad ones told apart by row.

use arrow_array::{Array, BinaryArray};
use geo::Geometry;
use rayon::prelude::*;
use wkt::ToWkt;

use super::geometry::{Decoded, Fault, check, decode, read, reproject};
use super::normalise::shortened;
use crate::feature::{Crs, Defect, FlagCode, RejectReason, Repairs, Reproject, RowFlag};
use crate::plan::GeometryKind;

/// Rows handed to a thread at once.
const CHUNK: usize = 256;

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
    let code = code_of(crs);
    let decoded = |row: usize| -> Result<Decoded, Lacking> {
        if wkb.is_null(row) {
            return Err((RejectReason::NullGeometry, String::new()));
        }
        let decoded = read(wkb.value(row)).map_err(|fault| (fault.reason, fault.told("")))?;
        match (decoded.srid, code) {
            (Some(srid), Some(code)) if usual(srid) != code => {
                let text = format!("SRID={srid};{}", decoded.geometry.wkt_string());
                Err((RejectReason::OtherCrs, shortened(&text)))
            }
            _ => Ok(decoded),
        }
    };
    let rows = (0..wkb.len()).into_par_iter().with_min_len(CHUNK);
    let Some(transform) = transform else {
        let checked = |row: usize| decoded(row).and_then(|decoded| sound(decoded, kind));
        return told_apart(rows.map(checked).collect());
    };
    let mut prepared = told_apart(rows.map(decoded).collect());
    for (row, reason) in reproject(&mut prepared.shapes, transform) {
        let text =
            decode(wkb.value(row)).map_or_else(|_| String::new(), |shape| shortened(&shape.wkt_string()));
        prepared.defects.push(defect(row, (reason, text)));
    }
    let checked = prepared.shapes.par_iter().enumerate().with_min_len(CHUNK);
    let refused: Vec<Defect> = checked
        .filter_map(|(row, shape)| {
            let shape = shape.as_ref()?;
            check(shape, kind)
                .err()
                .map(|fault| defect(row, lacking(fault, shape)))
        })
        .collect();
    for refused in &refused {
        prepared.shapes[refused.index] = None;
    }
    prepared.defects.extend(refused);
    prepared.defects.sort_by_key(|defect| defect.index);
    prepared
}

/// The number of a CRS, as an SRID has it; none where it has none, and nothing can be held against it.
fn code_of(crs: &Crs) -> Option<u32> {
    match crs {
        Crs::Crs84 => Some(4326),
        Crs::Code(code) => code
            .strip_prefix("EPSG:")
            .or_else(|| code.strip_prefix("ESRI:"))?
            .parse()
            .ok()
            .map(usual),
        Crs::Wkt(_) => None,
    }
}

/// The number by which most know a CRS that has several: Web Mercator has three of Esri and Google besides.
fn usual(srid: u32) -> u32 {
    if matches!(srid, 102_100 | 102_113 | 900_913 | 3785) {
        3857
    } else {
        srid
    }
}

/// Why a row has no geometry, and what is to be told of the one that it had.
type Lacking = (RejectReason, String);

fn lacking(fault: Fault, shape: &Geometry<f64>) -> Lacking {
    (fault.reason, shortened(&fault.told(&shape.wkt_string())))
}

fn sound(decoded: Decoded, kind: GeometryKind) -> Result<Decoded, Lacking> {
    match check(&decoded.geometry, kind) {
        Ok(()) => Ok(decoded),
        Err(fault) => Err(lacking(fault, &decoded.geometry)),
    }
}

/// Geometries by row, and the rows that have none.
fn told_apart(rows: Vec<Result<Decoded, Lacking>>) -> Prepared {
    let mut defects = Vec::new();
    let mut repairs = Repairs::default();
    let shape = |(row, decoded): (usize, Result<Decoded, Lacking>)| match decoded {
        Ok(decoded) => {
            repairs.dropped_parts += decoded.dropped_parts;
            repairs.mended_parts += u64::from(decoded.dropped_parts > 0);
            repairs.straightened += u64::from(decoded.is_straightened);
            Some(decoded.geometry)
        }
        Err(lacking) => {
            defects.push(defect(row, lacking));
            None
        }
    };
    let shapes: Vec<_> = rows.into_iter().enumerate().map(shape).collect();
    let zeros = zeros(&shapes);
    Prepared {
        shapes,
        defects,
        repairs,
        zeros,
    }
}

/// Points with a coordinate of exactly zero, in whatever CRS: what stands where nobody knew a place.
fn zeros(shapes: &[Option<Geometry<f64>>]) -> Vec<RowFlag> {
    let flag = |(index, shape): (usize, &Option<Geometry<f64>>)| {
        let Some(Geometry::Point(point)) = shape else {
            return None;
        };
        let detail = match (point.x() == 0.0, point.y() == 0.0) {
            (true, true) => "both coordinates",
            (true, false) => "x",
            (false, true) => "y",
            (false, false) => return None,
        };
        Some(RowFlag {
            index,
            field: "geometry".to_owned(),
            value: format!("POINT({} {})", point.x(), point.y()),
            code: FlagCode::ZeroCoordinate,
            detail: detail.to_owned(),
        })
    };
    shapes.iter().enumerate().filter_map(flag).collect()
}

fn defect(index: usize, (reason, value): Lacking) -> Defect {
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
