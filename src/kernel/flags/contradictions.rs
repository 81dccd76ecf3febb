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
    let mut flags = contradicting_codes(columns, states);
    let coordinates = STATED
        .iter()
        .find_map(|names| StatedCoordinates::of_columns(columns, *names));
    if let Some(coordinates) = coordinates {
        flags.extend(coordinates.contradictions(geometries));
    }
    flags
}

fn text_column<'a>(columns: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    columns.column_by_name(name)?.as_any().downcast_ref()
}

fn number_column<'a>(columns: &'a RecordBatch, name: &str) -> Option<&'a Float64Array> {
    columns.column_by_name(name)?.as_any().downcast_ref()
}

/// A column of codes, each of which puts its row in a state.
struct CodeColumn<'a> {
    field: &'static str,
    values: &'a StringArray,
    kind: CodeKind,
}

/// How a code says which state it is of.
#[derive(Clone, Copy)]
enum CodeKind {
    /// By its first two digits (INCITS 31).
    County,
    /// By itself (INCITS 38).
    StateFips,
    /// By its letters.
    StateUsps,
}

/// The columns that are held against each other, the most telling first.
const CODE_COLUMNS: [(&str, CodeKind); 3] = [
    ("county_fips_claimed", CodeKind::County),
    ("state_fips_claimed", CodeKind::StateFips),
    ("state_code_claimed", CodeKind::StateUsps),
];

/// FIPS codes of the states, by their letters.
type FipsByUsps<'a> = BTreeMap<&'a str, &'a str>;

impl<'a> CodeColumn<'a> {
    /// The code of a row, and the state it puts the row in; none where it is none or says nothing.
    fn state_of(&self, row: usize, fips: &FipsByUsps<'a>) -> Option<(&'a str, &'a str)> {
        let code = self.values.is_valid(row).then(|| self.values.value(row))?;
        let state = match self.kind {
            CodeKind::County => code.get(..2).filter(|_| is_digits(code, 5)),
            CodeKind::StateFips => Some(code).filter(|code| is_digits(code, 2)),
            CodeKind::StateUsps => fips.get(code).copied(),
        };
        Some((code, state?))
    }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The claimed state, its FIPS code and the claimed county, each against the next that is stated.
fn contradicting_codes(columns: &RecordBatch, states: &[State]) -> Vec<RowFlag> {
    let fips: FipsByUsps<'_> = states
        .iter()
        .map(|s| (s.usps.as_str(), s.fips.as_str()))
        .collect();
    let mut code_columns: Vec<CodeColumn<'_>> = Vec::new();
    for (field, kind) in CODE_COLUMNS {
        if let Some(values) = text_column(columns, field) {
            code_columns.push(CodeColumn { field, values, kind });
        }
    }
    let mut flags = Vec::new();
    for (at, against) in code_columns.iter().enumerate() {
        for column in &code_columns[at + 1..] {
            let rows = 0..columns.num_rows();
            flags.extend(rows.filter_map(|row| contradicting_code(row, column, against, &fips)));
        }
    }
    flags
}

fn contradicting_code<'a>(
    row: usize,
    column: &CodeColumn<'a>,
    against: &CodeColumn<'a>,
    fips: &FipsByUsps<'a>,
) -> Option<RowFlag> {
    let (code, state) = column.state_of(row, fips)?;
    let (other, other_state) = against.state_of(row, fips)?;
    (state != other_state).then(|| RowFlag {
        index: row,
        field: column.field.to_owned(),
        value: code.to_owned(),
        code: FlagCode::SelfContradiction,
        detail: format!("{} {code}, {} {other}", column.field, against.field),
    })
}

/// Coordinates that rows state beside their geometry.
struct StatedCoordinates<'a> {
    names: [&'static str; 2],
    latitudes: &'a Float64Array,
    longitudes: &'a Float64Array,
}

impl<'a> StatedCoordinates<'a> {
    fn of_columns(columns: &'a RecordBatch, names: [&'static str; 2]) -> Option<Self> {
        let [latitude, longitude] = names;
        Some(Self {
            names,
            latitudes: number_column(columns, latitude)?,
            longitudes: number_column(columns, longitude)?,
        })
    }

    /// Flags of those too far from a point geometry, or on no globe.
    fn contradictions(&self, geometries: &[Geometry<f64>]) -> Vec<RowFlag> {
        let mut flags = Vec::new();
        for (index, geometry) in geometries.iter().enumerate() {
            // A line or a surface is at many places; which of them is stated, nobody says.
            if let Geometry::Point(point) = geometry {
                flags.extend(self.contradiction(index, *point));
            }
        }
        flags
    }

    fn contradiction(&self, index: usize, point: Point<f64>) -> Option<RowFlag> {
        if self.latitudes.is_null(index) || self.longitudes.is_null(index) {
            return None;
        }
        let stated = Point::new(self.longitudes.value(index), self.latitudes.value(index));
        // A geodesic is dear beside two subtractions, and nearly every row says the same twice.
        if (stated.x() - point.x()).abs() < NEAR_DEGREES && (stated.y() - point.y()).abs() < NEAR_DEGREES {
            return None;
        }
        if stated.x().abs() > 180.0 || stated.y().abs() > 90.0 {
            return Some(self.to_flag(index, "stated coordinates are on no globe".to_owned()));
        }
        let metres = Geodesic.distance(point, stated);
        let detail = format!("{:.1} km from the geometry", metres / 1_000.0);
        (metres > APART_M).then(|| self.to_flag(index, detail))
    }

    fn to_flag(&self, index: usize, detail: String) -> RowFlag {
        let [latitude, longitude] = self.names;
        let y = self.latitudes.value(index);
        let x = self.longitudes.value(index);
        RowFlag {
            index,
            field: format!("{latitude}/{longitude}"),
            value: format!("{y} {x}"),
            code: FlagCode::SelfContradiction,
            detail,
        }
    }
}
