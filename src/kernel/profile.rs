//! Profile: which columns a source has, what their values look like, and where its rows lie.
//!
//! Pure. What is measured here depends on the rows and their order, never on how they were batched.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Date32Array};
use arrow_schema::DataType;
use geo::{BoundingRect, Coord, MultiPoint, Point, Rect};

use crate::feature::{Outline, RawBatch, SourceColumn, SourceProfile, ValueKind, spelling};

/// Rows of which every one is looked at; beyond them, one in [`STRIDE`].
const DENSE: u64 = 50_000;
/// Of later rows, those that are looked at.
const STRIDE: u64 = 16;
/// Most columns kept: properties of GeoJSON may be called anything.
const MOST_COLUMNS: usize = 2_000;
/// Degrees from a state's outline within which a row is not far: waters and rounding included.
const NEAR_DEGREES: f64 = 5.0;

/// Which columns rows have, and of which kinds their values are; those of later rows can be added.
#[derive(Debug, Clone, Default)]
pub struct Profiler {
    looked_at: u64,
    columns: Vec<SourceColumn>,
    places: HashMap<String, usize>,
}

impl Profiler {
    /// Looks at a batch whose first row is row `first` of the layer, from 0 up.
    pub fn of_batch(raw: &RawBatch, first: u64) -> Self {
        let mut profile = Self::default();
        // The columns of a record that can't be read may be anything.
        let defects: HashSet<usize> = raw.defects.iter().map(|defect| defect.index).collect();
        if defects.len() == raw.len() {
            return profile;
        }
        // By the row's place in the layer, not in the batch: the sample is the same however the layer is cut.
        let rows: Vec<usize> = (0..raw.len())
            .filter(|row| is_sampled(first + *row as u64) && !defects.contains(row))
            .collect();
        profile.looked_at = rows.len() as u64;
        for (name, values) in &raw.columns {
            profile.add_column(name, count_kinds(values, &rows));
        }
        profile
    }

    /// Adds what later rows look like.
    pub fn merge(&mut self, later: Self) {
        self.looked_at += later.looked_at;
        for column in later.columns {
            self.add_column(&column.name, column.kinds);
        }
    }

    fn add_column(&mut self, name: &str, kinds: BTreeMap<ValueKind, u64>) {
        let Some(column) = self.column_mut(name) else {
            return;
        };
        for (kind, values) in kinds {
            *column.kinds.entry(kind).or_default() += values;
        }
    }

    fn column_mut(&mut self, name: &str) -> Option<&mut SourceColumn> {
        let place = self.places.get(name).copied();
        if place.is_none() && self.columns.len() < MOST_COLUMNS {
            self.places.insert(name.to_owned(), self.columns.len());
            self.columns.push(SourceColumn {
                name: name.to_owned(),
                kinds: BTreeMap::new(),
            });
            return self.columns.last_mut();
        }
        self.columns.get_mut(place?)
    }

    /// What was seen; where the rows lie is for others to say.
    pub fn finish(self) -> SourceProfile {
        SourceProfile {
            looked_at: self.looked_at,
            columns: self.columns,
            ..SourceProfile::default()
        }
    }
}

/// Whether a row of a layer is looked at.
fn is_sampled(row: u64) -> bool {
    // Every one of the first: the profile of most layers is exact. Of the rest a share that doesn't change with where the
    // layer ends, so that a layer that grows keeps its sample.
    row < DENSE || row.is_multiple_of(STRIDE)
}

fn count_kinds(values: &ArrayRef, rows: &[usize]) -> BTreeMap<ValueKind, u64> {
    let mut counts = BTreeMap::new();
    let days = spelling::date_column(values);
    let present = rows.iter().filter(|row| values.is_valid(**row));
    for kind in present.filter_map(|row| kind_of_value(values, days.as_ref(), *row)) {
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

/// What the spelling of a value looks like, of a typed one without spelling it where its type says so.
fn kind_of_value(values: &ArrayRef, days: Option<&Date32Array>, row: usize) -> Option<ValueKind> {
    /// Days from 1970 of the years that have four digits.
    const YEARS: RangeInclusive<i32> = -719_528..=2_932_896;
    // A typed value is of the kind that its spelling would be (a test compares them), so that a source gives the same profile
    // in whatever format it comes.
    if let Some(texts) = spelling::as_text(values) {
        return kind_of_text(texts.value(row));
    }
    match values.data_type() {
        DataType::Int64 => Some(ValueKind::Integer),
        DataType::Boolean => Some(ValueKind::Boolean),
        DataType::Float64 => match values.as_primitive::<Float64Type>().value(row) {
            number if !number.is_finite() => Some(ValueKind::Text),
            number if number.fract() == 0.0 => Some(ValueKind::Integer),
            _ => Some(ValueKind::Number),
        },
        _ if days.is_some_and(|days| days.is_valid(row) && YEARS.contains(&days.value(row))) => {
            Some(ValueKind::Date)
        }
        _ => kind_of_text(&spelling::spell_value(values, row)?),
    }
}

/// What a value looks like; none where it is blank.
///
/// ```
/// use cikr::feature::ValueKind;
/// use cikr::kernel::profile::kind_of_text;
///
/// assert_eq!(kind_of_text("01001"), Some(ValueKind::Integer));
/// assert_eq!(kind_of_text("2024-01-31T10:00:00Z"), Some(ValueKind::Date));
/// assert_eq!(kind_of_text("713-555-0100"), Some(ValueKind::Text));
/// assert_eq!(kind_of_text("  "), None);
/// ```
pub fn kind_of_text(value: &str) -> Option<ValueKind> {
    let value = value.trim();
    let first = *value.as_bytes().first()?;
    let may_be_number = first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.');
    if !may_be_number {
        let words = ["true", "false", "yes", "no", "y", "n", "t", "f"];
        let is_word = value.len() <= 5 && words.iter().any(|word| value.eq_ignore_ascii_case(word));
        return Some(if is_word {
            ValueKind::Boolean
        } else {
            ValueKind::Text
        });
    }
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(ValueKind::Integer);
    }
    if value.parse().is_ok_and(f64::is_finite) {
        return Some(ValueKind::Number);
    }
    Some(if is_date(value) {
        ValueKind::Date
    } else {
        ValueKind::Text
    })
}

/// `2024-01-31…`, `2024/1/31…`, `1/31/2024…`, `31.01.2024…`.
fn is_date(value: &str) -> bool {
    let day = value.split(['T', ' ']).next().unwrap_or(value);
    let Some(separator) = day.chars().find(|c| !c.is_ascii_digit()) else {
        return false;
    };
    let parts: Vec<&str> = day.split(separator).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    matches!(separator, '-' | '/' | '.')
        && matches!(lengths[..], [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4])
        && parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Boxes around everything that is not far from an outline; those within another are left out.
///
/// ```
/// use cikr::feature::Outline;
/// use cikr::kernel::profile::{boxes_near, count_far};
///
/// let colorado = Outline {
///     code: "08".to_owned(),
///     rings: vec![vec![[-109.05, 37.0], [-102.05, 37.0], [-102.05, 41.0], [-109.05, 41.0]]],
/// };
/// let places = boxes_near(&[colorado]);
/// let denver = [-105.0, 39.7];
/// let zero = [0.0, 0.0];
/// assert_eq!(count_far(&[denver, zero], &places), Some(1));
/// ```
pub fn boxes_near(outlines: &[Outline]) -> Vec<Rect<f64>> {
    let mut boxes: Vec<Rect<f64>> = outlines
        .iter()
        .flat_map(|outline| &outline.rings)
        .filter_map(|ring| box_near(ring))
        .collect();
    boxes.sort_by(|a, b| (b.width() * b.height()).total_cmp(&(a.width() * a.height())));
    // Largest first, so that one look suffices. Every row is held against every box that is left: those of a coast's
    // islands mostly lie in that of the mainland.
    let mut kept: Vec<Rect<f64>> = Vec::new();
    for place in boxes {
        if !kept
            .iter()
            .any(|larger| covers_point(larger, place.min()) && covers_point(larger, place.max()))
        {
            kept.push(place);
        }
    }
    kept
}

/// The box around a ring and what is near it; none without a corner.
fn box_near(ring: &[[f64; 2]]) -> Option<Rect<f64>> {
    let corners: MultiPoint<f64> = ring.iter().copied().map(Point::from).collect();
    let bounds = corners.bounding_rect()?;
    let near = Coord {
        x: NEAR_DEGREES,
        y: NEAR_DEGREES,
    };
    Some(Rect::new(bounds.min() - near, bounds.max() + near))
}

/// Centres in none of the places; none where there is no place to compare with.
pub fn count_far(centres: &[[f64; 2]], places: &[Rect<f64>]) -> Option<u64> {
    if places.is_empty() {
        return None;
    }
    let far = centres.iter().filter(|[x, y]| {
        let centre = Coord { x: *x, y: *y };
        !places.iter().any(|place| covers_point(place, centre))
    });
    Some(far.count() as u64)
}

fn covers_point(place: &Rect<f64>, at: Coord<f64>) -> bool {
    let min = place.min();
    let max = place.max();
    (min.x..=max.x).contains(&at.x) && (min.y..=max.y).contains(&at.y)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        BinaryArray, BooleanArray, Float32Array, Float64Array, Int64Array, StringArray,
        TimestampMillisecondArray, UInt64Array,
    };

    use super::*;
    use crate::feature::{Crs, Repairs};

    #[test]
    fn values_are_of_the_strictest_kind_they_look_like() {
        use ValueKind::{Boolean, Date, Integer, Number, Text};
        for (value, expected) in [
            ("12", Some(Integer)),
            ("-999", Some(Integer)),
            ("01001", Some(Integer)),
            ("12.5", Some(Number)),
            ("-1e3", Some(Number)),
            ("Yes", Some(Boolean)),
            ("n", Some(Boolean)),
            ("2024-01-31", Some(Date)),
            ("2024/1/31 10:00", Some(Date)),
            ("2024-01-31T10:00:00Z", Some(Date)),
            ("1/31/2024", Some(Date)),
            ("601-1234", Some(Text)),
            ("-", Some(Text)),
            ("1-2-3-4", Some(Text)),
            ("NaN", Some(Text)),
            ("inf", Some(Text)),
            ("é", Some(Text)),
            ("1/é/2024", Some(Text)),
            ("  ", None),
            ("", None),
        ] {
            assert_eq!(kind_of_text(value), expected, "{value}");
        }
    }

    fn batch(values: &[&str]) -> RawBatch {
        RawBatch {
            columns: vec![("A".to_owned(), Arc::new(StringArray::from(values.to_vec())))],
            geometry: BinaryArray::from(vec![None; values.len()]),
            rows: UInt64Array::from_iter_values(1..=values.len() as u64),
            defects: vec![],
            crs: Crs::Crs84,
            source: Arc::from("test"),
            repairs: Repairs::default(),
        }
    }

    #[test]
    fn a_typed_value_is_of_the_kind_of_its_spelling() {
        let floats = [0.0, -0.0, 12.5, 1e21, 5e-324, f64::NAN, f64::INFINITY];
        let days = [0, -719_529, -719_528, 2_932_896, 2_932_897, i32::MAX];
        let moments = days.map(|day| i64::from(day) * 86_400_000);
        let columns: [ArrayRef; 6] = [
            Arc::new(Int64Array::from(vec![0, -7, i64::MAX])),
            Arc::new(Float64Array::from(floats.to_vec())),
            Arc::new(Float32Array::from(vec![0.1, 16_777_216.0, f32::NAN])),
            Arc::new(BooleanArray::from(vec![true, false])),
            Arc::new(Date32Array::from(days.to_vec())),
            Arc::new(TimestampMillisecondArray::from(moments.to_vec()).with_timezone("UTC")),
        ];
        for column in columns {
            let text: ArrayRef = Arc::new(spelling::spell_column(&column));
            for row in 0..column.len() {
                assert_eq!(
                    count_kinds(&column, &[row]),
                    count_kinds(&text, &[row]),
                    "{column:?} {row}"
                );
            }
        }
    }

    #[test]
    fn a_profile_does_not_depend_on_the_batches() {
        let values: Vec<&str> = (0..DENSE + 5_000)
            .map(|row| if row % 3 == 0 { "x" } else { "1" })
            .collect();
        let profile = |size: usize| {
            let mut profiler = Profiler::default();
            let mut first = 0;
            for chunk in values.chunks(size) {
                profiler.merge(Profiler::of_batch(&batch(chunk), first));
                first += chunk.len() as u64;
            }
            profiler.finish()
        };
        let whole = profile(values.len());
        assert_eq!(profile(777), whole);
        assert_eq!(whole.looked_at, DENSE + 5_000_u64.div_ceil(STRIDE));
        assert_eq!(whole.columns[0].values(), whole.looked_at);
        assert_eq!(whole.columns[0].kind(), Some(ValueKind::Integer));
    }

    #[test]
    fn rows_are_far_from_outlines_they_are_not_near() {
        let ring = vec![[-100.0, 30.0], [-90.0, 30.0], [-90.0, 40.0]];
        let speck = vec![[-95.0, 33.0], [-94.0, 33.0], [-94.0, 34.0]];
        let places = boxes_near(&[Outline {
            code: "48".to_owned(),
            rings: vec![speck, ring],
        }]);
        assert_eq!(places, [Rect::new((-105.0, 25.0), (-85.0, 45.0))]);
        assert_eq!(
            count_far(&[[-104.0, 26.0], [0.0, 0.0], [35.0, -95.0]], &places),
            Some(2)
        );
        assert_eq!(count_far(&[[0.0, 0.0]], &[]), None);
    }
}
