//! Coordinates in several columns: degrees, minutes and seconds, and the direction.
//!
//! Pure. Names say which columns belong together; values, that these are parts: whole degrees, and minutes up to 60. So
//! `LAT_MIN` beside a `LAT` with decimals is the lowest latitude of something.

use std::collections::BTreeMap;

use super::column::Column;
use super::snake_case::snake_case;

/// What a column holds of a coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Degrees,
    Minutes,
    Seconds,
    Direction,
}

/// What axes are called, the longer names first, and what they are called here.
const AXES: [(&str, &str); 6] = [
    ("latitude", "lat"),
    ("longitude", "lon"),
    ("long", "lon"),
    ("lat", "lat"),
    ("lon", "lon"),
    ("lng", "lon"),
];

const PARTS: [(Part, &[&str]); 4] = [
    (Part::Degrees, &["degrees", "degree", "degs", "deg", "dd", "d"]),
    (Part::Minutes, &["minutes", "minute", "mins", "min", "mm", "m"]),
    (Part::Seconds, &["seconds", "second", "secs", "sec", "ss", "s"]),
    (
        Part::Direction,
        &["direction", "dir", "hemisphere", "hemi", "ns", "ew"],
    ),
];

/// A column that is called after an axis.
struct AxisColumn<'a> {
    column: &'a Column,
    /// Its part; none where its name says nothing further.
    part: Option<Part>,
}

/// The columns that hold such parts, in the order of the file.
pub(super) fn coordinate_parts(columns: &[Column]) -> Vec<String> {
    let mut axes: BTreeMap<String, Vec<AxisColumn<'_>>> = BTreeMap::new();
    for column in columns {
        if let Some((axis, part)) = axis_and_part(&column.name) {
            axes.entry(axis).or_default().push(AxisColumn { column, part });
        }
    }
    let found: Vec<&str> = axes.values().flat_map(|named| parts_of_axis(named)).collect();
    let names = columns.iter().map(|column| &column.name);
    names
        .filter(|name| found.contains(&name.as_str()))
        .cloned()
        .collect()
}

/// Whether a name is that of an axis, or of a part of one.
pub(super) fn is_of_axis(name: &str) -> bool {
    axis_and_part(name).is_some()
}

/// Of the columns of one axis those that make up a coordinate; none where they don't.
fn parts_of_axis<'a>(named: &[AxisColumn<'a>]) -> Vec<&'a str> {
    let has_minutes = of_part(named, Some(Part::Minutes)).any(|minutes| is_up_to_60(minutes.column));
    // `LAT` beside `LAT_DEG` is another coordinate; beside `LAT_MIN` alone it is the degrees.
    let has_degrees = of_part(named, Some(Part::Degrees)).next().is_some();
    let degrees =
        of_part(named, has_degrees.then_some(Part::Degrees)).find(|degrees| is_whole(degrees.column));
    match degrees.filter(|_| has_minutes) {
        None => Vec::new(),
        Some(degrees) => {
            let parts = named
                .iter()
                .filter(|named| named.part.is_some())
                .map(|named| named.column);
            parts
                .chain([degrees.column])
                .map(|column| column.name.as_str())
                .collect()
        }
    }
}

/// The columns of an axis that hold one part of it.
fn of_part<'n, 'a>(
    named: &'n [AxisColumn<'a>],
    part: Option<Part>,
) -> impl Iterator<Item = &'n AxisColumn<'a>> {
    named.iter().filter(move |named| named.part == part)
}

/// Whether a number has no decimals, as far as texts are kept.
fn is_whole(column: &Column) -> bool {
    let mut numbers = column
        .first
        .iter()
        .filter_map(|(text, _)| text.parse::<f64>().ok());
    numbers.all(|number| number.fract() == 0.0)
}

fn is_up_to_60(column: &Column) -> bool {
    column
        .range
        .is_none_or(|(low, high)| low >= -60.0 && high <= 60.0)
}

/// The axis that a name is after, its other words included, and the part that it says.
fn axis_and_part(name: &str) -> Option<(String, Option<Part>)> {
    let snake = snake_case(name);
    let mut words = Vec::new();
    let mut found = false;
    let mut part = None;
    for word in snake.split('_') {
        if let Some((axis, joined)) = axis_of_word(word) {
            words.push(axis);
            found = true;
            part = part.or(joined);
        } else if let Some(own) = part_of_word(word) {
            part = part.or(Some(own));
        } else {
            words.push(word);
        }
    }
    found.then(|| (words.join("_"), part))
}

/// The axis of a word such as `lat`, `latdeg` or `seclat`, and its part.
fn axis_of_word(word: &str) -> Option<(&'static str, Option<Part>)> {
    for (axis, short) in AXES {
        if word == axis {
            return Some((short, None));
        }
        let rests = [word.strip_prefix(axis), word.strip_suffix(axis)];
        if let Some(part) = rests.into_iter().flatten().find_map(part_of_word) {
            return Some((short, Some(part)));
        }
    }
    None
}

fn part_of_word(word: &str) -> Option<Part> {
    PARTS
        .iter()
        .find(|(_, names)| names.contains(&word))
        .map(|(part, _)| *part)
}

#[cfg(test)]
mod tests {
    use super::super::column::tests::column;
    use super::*;

    /// The parts among columns of these names: degrees with decimals or without, then 12 and 30.5.
    fn parts(names: &[&str], degrees: &str) -> Vec<String> {
        let value = |name: &str| match axis_and_part(name) {
            Some((_, None | Some(Part::Degrees))) => degrees,
            Some((_, Some(Part::Minutes))) => "12",
            Some((_, Some(Part::Seconds))) => "30.5",
            _ => "N",
        };
        coordinate_parts(
            &names
                .iter()
                .map(|name| column(name, &[value(name)]))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn degrees_minutes_and_seconds_are_known_by_many_names() {
        for names in [
            &[
                "LAT_DEG", "LAT_MIN", "LAT_SEC", "LAT_DIR", "LON_DEG", "LON_MIN", "LON_SEC", "LON_DIR",
            ][..],
            &[
                "latitude_degrees",
                "latitude_minutes",
                "latitude_seconds",
                "latitude_direction",
            ],
            &[
                "LATDEGREES",
                "LATMINUTES",
                "LATSECONDS",
                "LONGDEGREES",
                "LONGMINUTES",
                "LONGSECONDS",
            ],
            &["Lat_D", "Lat_M", "Lat_S", "Long_D", "Long_M", "Long_S"],
            &["LAT", "LAT_MIN", "LAT_SEC", "LON", "LON_MIN", "LON_SEC"],
            &["LAT_DD", "LAT_MM", "LAT_SS"],
            &["Lat Degrees", "Lat Minutes", "Long Degrees", "Long Minutes"],
            &["SURF_LAT_DEG", "SURF_LAT_MIN", "DEGLON", "MINLON"],
        ] {
            assert_eq!(parts(names, "35"), names);
            assert!(
                parts(names, "35.125").is_empty(),
                "degrees with decimals are whole coordinates: {names:?}"
            );
        }
    }

    #[test]
    fn what_is_no_part_of_a_coordinate_stays() {
        assert!(parts(&["MINE_LAT", "MINE_LON"], "35").is_empty());
        assert!(parts(&["TERMINAL_LAT", "ADMIN_LAT", "LAT", "MINUTES"], "35").is_empty());
        assert_eq!(
            parts(&["LAT", "LAT_DEG", "LAT_MIN"], "35"),
            ["LAT_DEG", "LAT_MIN"]
        );
        let (whole, lowest) = (
            column("LAT_DEG", &["35", "36"]),
            column("LAT_MIN", &["100", "12"]),
        );
        assert!(
            coordinate_parts(&[whole, lowest]).is_empty(),
            "no minutes beyond 60"
        );
    }
}
