//! Statements of one row that can't both be true: its codes among each other, its coordinates and its geometry.

use std::collections::BTreeMap;

use arrow_array::{Array, Float64Array, RecordBatch, StringArray};
use geo::{Distance, Geodesic, Geometry, Point};

use crate::feature::{FlagCode, RowFlag};
use crate::plan::State;

/// Farthest that stated coordinates may lie from the geometry, metres on the ellipsoid: coordinates are
/// stated in as few as two decimals of a degree, which are 1.1 km apart.
const APART_M: f64 = 1_000.0;

/// Degrees that are surely nearer than [`APART_M`] in both directions together.
const NEAR_DEGREES: f64 = 0.004;

/// Names of the fields that state coordinates, as schemas call them.
const STATED: [[&str; 2]; 2] = [["latitude", "longitude"], ["latitude_stated", "longitude_stated"]];

/// Flags of rows that contradict themselves.
pub(in crate::kernel) fn contradictions(
    columns: &RecordBatch,
    geometries: &[Geometry<f64>],
    states: &[State],
) -> Vec<RowFlag> {
    let mut flags = codes(columns, states);
    let position = STATED
        .iter()
        .find(|names| names.iter().all(|name| numbers(columns, name).is_some()));
    if let Some([latitude, longitude]) = position {
        flags.extend(coordinates(columns, geometries, latitude, longitude));
    }
    flags
}

fn texts<'a>(columns: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    columns.column_by_name(name)?.as_any().downcast_ref()
}

fn numbers<'a>(columns: &'a RecordBatch, name: &str) -> Option<&'a Float64Array> {
    columns.column_by_name(name)?.as_any().downcast_ref()
}

/// A code of the row, and the state it puts the row in.
struct Claim<'a> {
    field: &'static str,
    values: &'a StringArray,
    state: Box<dyn Fn(&'a str) -> Option<&'a str> + 'a>,
}

/// The claimed state, its FIPS code and the claimed county, each against the next that is stated.
fn codes(columns: &RecordBatch, states: &[State]) -> Vec<RowFlag> {
    let fips: BTreeMap<&str, &str> = states
        .iter()
        .map(|s| (s.usps.as_str(), s.fips.as_str()))
        .collect();
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
    let claim = |field, state| texts(columns, field).map(|values| Claim { field, values, state });
    let claims = [
        claim(
            "county_fips_claimed",
            Box::new(move |county| county.get(..2).filter(|_| digits(county, 5))),
        ),
        claim(
            "state_fips_claimed",
            Box::new(move |state| Some(state).filter(|state| digits(state, 2))),
        ),
        claim(
            "state_code_claimed",
            Box::new(move |state| fips.get(state).copied()),
        ),
    ];
    let claims: Vec<Claim<'_>> = claims.into_iter().flatten().collect();
    let mut flags = Vec::new();
    for (at, against) in claims.iter().enumerate() {
        for claim in &claims[at + 1..] {
            flags.extend((0..columns.num_rows()).filter_map(|row| disagree(row, claim, against)));
        }
    }
    flags
}

fn disagree<'a>(row: usize, claim: &Claim<'a>, against: &Claim<'a>) -> Option<RowFlag> {
    let value = |claim: &Claim<'a>| claim.values.is_valid(row).then(|| claim.values.value(row));
    let (one, other) = (value(claim)?, value(against)?);
    if (claim.state)(one)? == (against.state)(other)? {
        return None;
    }
    Some(RowFlag {
        index: row,
        field: claim.field.to_owned(),
        value: one.to_owned(),
        code: FlagCode::SelfContradiction,
        detail: format!("{} {one}, {} {other}", claim.field, against.field),
    })
}

/// Stated coordinates too far from a point geometry, or on no globe.
fn coordinates(
    columns: &RecordBatch,
    geometries: &[Geometry<f64>],
    latitude: &str,
    longitude: &str,
) -> Vec<RowFlag> {
    let (Some(y), Some(x)) = (numbers(columns, latitude), numbers(columns, longitude)) else {
        return vec![];
    };
    let told = |index: usize, detail: String| RowFlag {
        index,
        field: format!("{latitude}/{longitude}"),
        value: format!("{} {}", y.value(index), x.value(index)),
        code: FlagCode::SelfContradiction,
        detail,
    };
    let apart = |(index, geometry): (usize, &Geometry<f64>)| {
        let Geometry::Point(point) = geometry else {
            return None;
        };
        if y.is_null(index) || x.is_null(index) {
            return None;
        }
        let stated = Point::new(x.value(index), y.value(index));
        if (stated.x() - point.x()).abs() < NEAR_DEGREES && (stated.y() - point.y()).abs() < NEAR_DEGREES {
            return None;
        }
        if stated.x().abs() > 180.0 || stated.y().abs() > 90.0 {
            return Some(told(index, "stated coordinates are on no globe".to_owned()));
        }
        let metres = Geodesic.distance(*point, stated);
        let detail = format!("{:.1} km from the geometry", metres / 1_000.0);
        (metres > APART_M).then(|| told(index, detail))
    };
    geometries.iter().enumerate().filter_map(apart).collect()
}
