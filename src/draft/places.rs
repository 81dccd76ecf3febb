//! Where the rows say they are: every pair of columns that may be coordinates, and the geometry.
//!
//! Pure. A file often says it twice, in degrees and in metres; rows that agree prove which CRS the
//! metres are in. Memory: a thousand rows of positions.

use std::collections::{HashMap, HashSet};

use arrow_array::{Array, StringArray};

use super::geometry::{GeometryTally, is_beyond, point_position};
use super::sentinel::{is_decimal_comma, parse_number};
use super::snake_case::{letters_and_digits, snake_case};
use super::toml_text::quoted_start;
use crate::feature::{RawBatch, Reproject, spelling};

/// Rows whose positions are kept to be compared.
const SAMPLE: usize = 1_000;

/// Two positions within this are the same place, degrees: about 100 m.
const SAME: f64 = 0.001;

/// Names of latitude and longitude, as parts of longer names.
const DEGREES: [(&str, &str); 4] = [
    ("latitude", "longitude"),
    ("lat", "lon"),
    ("lat", "long"),
    ("lat", "lng"),
];

/// Names of y and x, as words of longer names.
const PLANE: [(&str, &str); 4] = [
    ("y", "x"),
    ("northing", "easting"),
    ("ycoord", "xcoord"),
    ("ycoordinate", "xcoordinate"),
];

/// A position per row, somewhere in the file.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Positions and how far they reach.
    pub(super) shapes: GeometryTally,
    /// Positions with more than three decimal places, as degrees have and few other numbers.
    fine: u64,
}

/// Two columns that may be coordinates.
#[derive(Debug)]
pub(super) struct Pair {
    /// Column of x or longitude.
    pub(super) x: String,
    /// Column of y or latitude.
    pub(super) y: String,
    /// Whether they are called longitude and latitude.
    pub(super) is_named: bool,
    /// What they hold.
    pub(super) place: Place,
    /// The first row that they give no position.
    pub(super) missing: Option<MissingPosition>,
}

/// A row without a position.
#[derive(Debug)]
pub(super) struct MissingPosition {
    /// Row in the source.
    pub(super) row: u64,
    /// What stands in its columns.
    pub(super) values: String,
    /// Whether a decimal comma does.
    pub(super) has_decimal_comma: bool,
}

/// Every place of a file.
#[derive(Debug)]
pub(super) struct Places {
    /// Pairs of columns, the likeliest first.
    pub(super) pairs: Vec<Pair>,
    /// The geometry, where it is not made of one of the pairs.
    pub(super) geometry: Place,
    sample: Vec<Vec<Option<(f64, f64)>>>,
}

/// How many rows have both of two places, and in how many they are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreement {
    /// Rows with both.
    pub(super) rows: usize,
    /// Rows with both at the same place.
    pub(super) same: usize,
}

impl Place {
    /// Whether most positions are within ±180 and ±90 and written as finely as degrees are.
    pub(super) fn looks_like_degrees(&self) -> bool {
        let count = self.shapes.count();
        count > 0 && !self.shapes.is_beyond_degrees() && self.fine * 10 >= count * 9
    }

    fn note_position(&mut self, x: f64, y: f64) {
        self.shapes.note_position(x, y);
        self.fine += u64::from(is_fine(x) || is_fine(y));
    }
}

impl Pair {
    /// Whether it is called longitude and latitude, or looks so, and says nothing else.
    pub(super) fn may_be_degrees(&self) -> bool {
        let is_within = self.place.shapes.count() > 0 && !self.place.shapes.is_beyond_degrees();
        is_within && (self.is_named || self.place.looks_like_degrees())
    }
}

impl Places {
    /// The pairs among some columns.
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        Self {
            pairs: find_pairs(&names),
            geometry: Place::default(),
            sample: Vec::new(),
        }
    }

    /// Takes a row into account: its columns by name, and its geometry where that is a place of its own.
    pub(super) fn note_row<'a>(
        &mut self,
        at: u64,
        value: impl Fn(&str) -> Option<&'a str>,
        wkb: Option<&[u8]>,
    ) {
        let mut row = Vec::with_capacity(self.pairs.len() + 1);
        for pair in &mut self.pairs {
            let x = value(&pair.x).and_then(|x| parse_number(x.trim()));
            let y = value(&pair.y).and_then(|y| parse_number(y.trim()));
            let position = x.zip(y);
            match position {
                Some((x, y)) => pair.place.note_position(x, y),
                None if pair.missing.is_none() => pair.missing = Some(missing_position(pair, at, &value)),
                None => {}
            }
            row.push(position);
        }
        row.push(wkb.and_then(point_position));
        if let Some((x, y)) = wkb.and_then(|wkb| self.geometry.shapes.note_geometry(wkb)) {
            self.geometry.fine += u64::from(is_fine(x) || is_fine(y));
        }
        // A row with one position has nothing that it could be compared with.
        if self.sample.len() < SAMPLE && row.iter().flatten().count() > 1 {
            self.sample.push(row);
        }
    }

    /// Takes the rows of a batch that are not broken into account.
    pub(super) fn note_batch(
        &mut self,
        batch: &RawBatch,
        has_geometry: bool,
        rows: impl Iterator<Item = usize>,
    ) {
        let columns = batch
            .columns
            .iter()
            .filter(|(name, _)| self.pairs.iter().any(|pair| pair.x == *name || pair.y == *name));
        let texts: HashMap<&str, StringArray> = columns
            .map(|(name, values)| (name.as_str(), spelling::spell_column(values)))
            .collect();
        for row in rows {
            let has_geometry = has_geometry && batch.geometry.is_valid(row);
            self.note_row(
                batch.rows.value(row),
                |name| {
                    let values = texts.get(name)?;
                    values.is_valid(row).then(|| values.value(row))
                },
                has_geometry.then(|| batch.geometry.value(row)),
            );
        }
    }

    /// Leaves the pairs out that are made of some of these columns.
    pub(super) fn leave_out(&mut self, columns: &[String]) {
        // Beside each pair stands its position in the rows of the sample; the geometry comes after the pairs, and stays.
        let mut at = 0;
        while let Some(pair) = self.pairs.get(at) {
            if columns.contains(&pair.x) || columns.contains(&pair.y) {
                self.pairs.remove(at);
                for row in &mut self.sample {
                    row.remove(at);
                }
            } else {
                at += 1;
            }
        }
    }

    /// How many different positions a place has, among the rows that were kept to be compared.
    pub(super) fn distinct_positions(&self, at: usize) -> usize {
        let positions = self.sample.iter().filter_map(|row| row[at]);
        positions
            .map(|(x, y)| (x.to_bits(), y.to_bits()))
            .collect::<HashSet<_>>()
            .len()
    }

    /// How often place `other`, put into degrees by `reproject`, is place `degrees`.
    ///
    /// A place is a pair by its position, or the geometry, which comes after the pairs.
    pub(super) fn agreement(
        &self,
        degrees: usize,
        other: usize,
        reproject: Option<&dyn Reproject>,
    ) -> Agreement {
        let mut agreement = Agreement { rows: 0, same: 0 };
        for row in &self.sample {
            let (Some((lon, lat)), Some((x, y))) = (row[degrees], row[other]) else {
                continue;
            };
            // A number that stands for "no value" disproves nothing.
            if is_beyond([lon, lat, lon, lat]) {
                continue;
            }
            agreement.rows += 1;
            let mut xs = [x];
            let mut ys = [y];
            let is_done = reproject.is_none_or(|reproject| reproject.to_crs84(&mut xs, &mut ys).is_ok());
            let is_same = is_done && (xs[0] - lon).abs() <= SAME && (ys[0] - lat).abs() <= SAME;
            agreement.same += usize::from(is_same);
        }
        agreement
    }
}

impl Agreement {
    /// Whether enough rows have both, and nearly all of them agree.
    pub(super) fn is_proof(self) -> bool {
        // A tenth may be mistyped or exchanged, as in any file; three rows don't agree to 100 m by chance.
        self.rows >= 3 && self.same * 10 >= self.rows * 9
    }
}

/// Whether a coordinate has more than three decimal places.
fn is_fine(value: f64) -> bool {
    let thousands = value * 1000.0;
    (thousands - thousands.round()).abs() > 1e-6
}

/// Columns whose names differ only as x and y do: `latdec` and `londec`, `LATITUDE1` and `LONGITUDE1`, `Y_2` and `X_2`.
fn find_pairs(names: &[&str]) -> Vec<Pair> {
    let mut found: Vec<Pair> = Vec::new();
    for (lat, lon) in DEGREES {
        for y in names.iter().filter(|name| letters_and_digits(name).contains(lat)) {
            let wanted = letters_and_digits(y).replacen(lat, lon, 1);
            if let Some(x) = names.iter().find(|x| letters_and_digits(x) == wanted) {
                add_pair(&mut found, x, y, true);
            }
        }
    }
    for (second, first) in PLANE {
        for y in names {
            let words = name_words(y);
            if !words.contains(&second.to_owned()) {
                continue;
            }
            let wanted: Vec<String> = words
                .iter()
                .map(|word| {
                    if word == second {
                        first.to_owned()
                    } else {
                        word.clone()
                    }
                })
                .collect();
            if let Some(x) = names.iter().find(|x| name_words(x) == wanted) {
                add_pair(&mut found, x, y, false);
            }
        }
    }
    found
}

/// A column is of one pair alone, the likeliest, which is found first.
fn add_pair(found: &mut Vec<Pair>, x: &str, y: &str, is_named: bool) {
    let is_taken = found.iter().any(|pair| pair.x == x || pair.y == y);
    if !is_taken && x != y {
        found.push(Pair {
            x: x.to_owned(),
            y: y.to_owned(),
            is_named,
            place: Place::default(),
            missing: None,
        });
    }
}

/// What a row has where its position should be.
fn missing_position<'a>(pair: &Pair, row: u64, value: &impl Fn(&str) -> Option<&'a str>) -> MissingPosition {
    let x = value(&pair.x).unwrap_or_default();
    let y = value(&pair.y).unwrap_or_default();
    let values = format!(
        "{} is {}, {} is {}",
        quoted_start(&pair.x),
        quoted_start(x),
        quoted_start(&pair.y),
        quoted_start(y)
    );
    MissingPosition {
        row,
        values,
        has_decimal_comma: is_decimal_comma(x) || is_decimal_comma(y),
    }
}

fn name_words(name: &str) -> Vec<String> {
    snake_case(name).split('_').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<String> {
        find_pairs(names)
            .iter()
            .map(|pair| format!("{} {}", pair.x, pair.y))
            .collect()
    }

    #[test]
    fn coordinates_are_found_by_what_their_names_share() {
        assert_eq!(found(&["ID", "latdec", "londec"]), ["londec latdec"]);
        assert_eq!(found(&["LONGITUDE1", "LATITUDE1"]), ["LONGITUDE1 LATITUDE1"]);
        assert_eq!(found(&["Lat", "Lng"]), ["Lng Lat"]);
        assert_eq!(found(&["SURF_LONG", "SURF_LAT"]), ["SURF_LONG SURF_LAT"]);
        assert_eq!(found(&["POINT_X", "POINT_Y"]), ["POINT_X POINT_Y"]);
        assert_eq!(found(&["X", "Y", "X_2", "Y_2"]), ["X Y", "X_2 Y_2"]);
        assert_eq!(
            found(&["X", "Y", "LATITUDE", "LONGITUDE"]),
            ["LONGITUDE LATITUDE", "X Y"]
        );
        assert_eq!(found(&["Easting", "Northing"]), ["Easting Northing"]);
        assert!(found(&["PLATE", "LONGITUDE"]).is_empty());
        assert_eq!(found(&["LAT_DEG", "LON_DEG"]), ["LON_DEG LAT_DEG"]);
        assert!(found(&["ID", "LATITUDE", "CITY", "EXTRA"]).is_empty());
    }

    #[test]
    fn degrees_are_fine_numbers_within_their_range() {
        let place = |positions: &[(f64, f64)]| {
            let mut place = Place::default();
            for (x, y) in positions {
                place.note_position(*x, *y);
            }
            place.looks_like_degrees()
        };
        assert!(place(&[(-95.123_456, 30.1), (-99.0, 27.323_4)]));
        assert!(!place(&[(12.0, 7.0), (15.5, 80.0)]), "a plan of a building");
        assert!(!place(&[(-10_560_000.123_4, 3_500_000.5)]));
        assert!(!place(&[]));
    }
}
