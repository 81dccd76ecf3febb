//! Statements of one row that can't both be true: its codes among each other, its coordinates and its geometry.

use std::collections::BTreeMap;

use arrow_array::{Array, StringArray};
use geo::{Distance, Geodesic, Geometry, Point};

use crate::feature::{FlagCode, RowFlag};
use crate::kernel::attributes::Attributes;
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
    columns: &Attributes,
    geometries: &[Geometry<f64>],
    states: &[State],
) -> Vec<RowFlag> {
    let mut flags = contradicting_codes(columns, states);
    let position = STATED
        .iter()
        .find(|names| names.iter().all(|name| columns.number(name).is_some()));
    if let Some([latitude, longitude]) = position {
        flags.extend(contradicting_coordinates(
            columns, geometries, latitude, longitude,
        ));
    }
    flags
}

/// The FIPS code of the state that a code puts a row in; none where the code is no such code.
type StateOf<'a> = Box<dyn Fn(&'a str) -> Option<&'a str> + 'a>;

/// A code of the row, and the state it puts the row in.
struct Claim<'a> {
    field: &'static str,
    values: &'a StringArray,
    state: StateOf<'a>,
}

impl<'a> Claim<'a> {
    fn value_at(&self, row: usize) -> Option<&'a str> {
        self.values.is_valid(row).then(|| self.values.value(row))
    }
}

/// The claimed state, its FIPS code and the claimed county, each against the next that is stated.
fn contradicting_codes(columns: &Attributes, states: &[State]) -> Vec<RowFlag> {
    let fips: BTreeMap<&str, &str> = states
        .iter()
        .map(|s| (s.usps.as_str(), s.fips.as_str()))
        .collect();
    let readings: [(&'static str, StateOf<'_>); 3] = [
        (
            "county_fips_claimed",
            Box::new(|county| county.get(..2).filter(|_| has_digits(county, 5))),
        ),
        (
            "state_fips_claimed",
            Box::new(|state| Some(state).filter(|state| has_digits(state, 2))),
        ),
        (
            "state_code_claimed",
            Box::new(move |state| fips.get(state).copied()),
        ),
    ];
    let claims: Vec<Claim<'_>> = readings
        .into_iter()
        .filter_map(|(field, state)| {
            let values = columns.text(field)?;
            Some(Claim { field, values, state })
        })
        .collect();
    let mut flags = Vec::new();
    for (at, against) in claims.iter().enumerate() {
        for claim in &claims[at + 1..] {
            flags.extend((0..columns.num_rows()).filter_map(|row| disagreement_flag(row, claim, against)));
        }
    }
    flags
}

fn has_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The flag of a row in which one code is of another state than the other.
fn disagreement_flag<'a>(row: usize, claim: &Claim<'a>, against: &Claim<'a>) -> Option<RowFlag> {
    let one = claim.value_at(row)?;
    let other = against.value_at(row)?;
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
fn contradicting_coordinates(
    columns: &Attributes,
    geometries: &[Geometry<f64>],
    latitude: &str,
    longitude: &str,
) -> Vec<RowFlag> {
    let Some((y, x)) = columns.number(latitude).zip(columns.number(longitude)) else {
        return vec![];
    };
    let mut flags = Vec::new();
    for (index, geometry) in geometries.iter().enumerate() {
        let Geometry::Point(point) = geometry else {
            continue;
        };
        if y.is_null(index) || x.is_null(index) {
            continue;
        }
        let stated = Point::new(x.value(index), y.value(index));
        if let Some(detail) = why_apart(stated, *point) {
            flags.push(RowFlag {
                index,
                field: format!("{latitude}/{longitude}"),
                value: format!("{} {}", y.value(index), x.value(index)),
                code: FlagCode::SelfContradiction,
                detail,
            });
        }
    }
    flags
}

/// Why stated coordinates can't be those of a point; none where they can.
fn why_apart(stated: Point<f64>, point: Point<f64>) -> Option<String> {
    // The rule for nearly all rows, without a geodesic.
    if (stated.x() - point.x()).abs() < NEAR_DEGREES && (stated.y() - point.y()).abs() < NEAR_DEGREES {
        return None;
    }
    if stated.x().abs() > 180.0 || stated.y().abs() > 90.0 {
        return Some("stated coordinates are on no globe".to_owned());
    }
    let metres = Geodesic.distance(point, stated);
    (metres > APART_M).then(|| format!("{:.1} km from the geometry", metres / 1_000.0))
}
