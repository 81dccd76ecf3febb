//! Two values of a column: whether they are the same, and how they read.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayAccessor, ArrayRef, BinaryArray, BooleanArray, PrimitiveArray, StringArray};
use arrow_schema::DataType;
use geo::{BoundingRect, CoordsIter, Distance, Geodesic, Geometry, Point};

use crate::feature::digest::sha256_hex;
use crate::kernel::geometry;

/// Rows in which two columns of one length hold different values.
pub(super) fn differing_rows(old: &ArrayRef, new: &ArrayRef) -> Vec<usize> {
    let typed = match old.data_type() {
        DataType::Utf8 => of_type::<StringArray>(old, new, |a, b| a == b),
        DataType::Binary => of_type::<BinaryArray>(old, new, |a, b| a == b),
        DataType::Boolean => of_type::<BooleanArray>(old, new, |a, b| a == b),
        DataType::Int64 => of_type::<PrimitiveArray<Int64Type>>(old, new, |a, b| a == b),
        DataType::Date32 => of_type::<PrimitiveArray<Date32Type>>(old, new, |a, b| a == b),
        DataType::Float64 => of_type::<PrimitiveArray<Float64Type>>(old, new, is_same_number),
        _ => None,
    };
    // Lists, and whatever else a schema may come to hold: Arrow compares slices of any type, one row at a time.
    typed.unwrap_or_else(|| {
        (0..old.len())
            .filter(|row| old.slice(*row, 1) != new.slice(*row, 1))
            .collect()
    })
}

/// Differing rows of columns that are of one known type, which is far faster; else none.
fn of_type<'a, A>(
    old: &'a ArrayRef,
    new: &'a ArrayRef,
    is_equal: impl Fn(<&'a A as ArrayAccessor>::Item, <&'a A as ArrayAccessor>::Item) -> bool,
) -> Option<Vec<usize>>
where
    A: Array + 'static,
    &'a A: ArrayAccessor,
{
    let old = old.as_any().downcast_ref::<A>()?;
    let new = new.as_any().downcast_ref::<A>()?;
    let mut differing = Vec::new();
    for row in 0..old.len() {
        let is_same = match (old.is_valid(row), new.is_valid(row)) {
            (true, true) => is_equal(old.value(row), new.value(row)),
            (is_old, is_new) => is_old == is_new,
        };
        if !is_same {
            differing.push(row);
        }
    }
    Some(differing)
}

/// Not a number is the same as itself, and −0 as 0.
#[expect(
    clippy::float_cmp,
    reason = "a value that was read again is the same to the last bit"
)]
fn is_same_number(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

/// A value as text: numbers in the fewest digits, dates as ISO 8601, lists as JSON, points as WKT; none for null.
pub(super) fn value_text(column: &str, values: &dyn Array, row: usize) -> Option<String> {
    if values.is_null(row) {
        return None;
    }
    Some(match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => values.as_boolean().value(row).to_string(),
        DataType::Int64 => values.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => values.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Date32 => {
            let days = values.as_primitive::<Date32Type>();
            days.value_as_date(row)
                .map_or_else(|| days.value(row).to_string(), |date| date.to_string())
        }
        DataType::Binary if column == "geometry" => geometry_text(values.as_binary::<i32>().value(row)),
        DataType::List(_) => list_text(values.as_list::<i32>().value(row).as_ref()),
        _ => format!("{:?}", values.slice(row, 1)),
    })
}

fn list_text(items: &dyn Array) -> String {
    let texts: Vec<Option<String>> = (0..items.len()).map(|item| value_text("", items, item)).collect();
    serde_json::to_string(&texts).expect("a list of texts is JSON")
}

/// A point as WKT; of any other shape what it takes to tell two apart, since a coastline is no value of a table.
fn geometry_text(wkb: &[u8]) -> String {
    match geometry::decode(wkb) {
        Ok(Geometry::Point(point)) => format!("POINT ({} {})", point.x(), point.y()),
        Ok(other) => {
            let kind = geometry::type_name(&other).to_uppercase();
            let corners = other.bounding_rect().map(|rect| {
                let min = rect.min();
                let max = rect.max();
                format!(", box {} {} {} {}", min.x, min.y, max.x, max.y)
            });
            let vertices = other.coords_count();
            format!(
                "{kind}, {vertices} vertices{}, sha256 {}…",
                corners.unwrap_or_default(),
                short_digest(wkb)
            )
        }
        Err(_) => format!("{} bytes, sha256 {}…", wkb.len(), short_digest(wkb)),
    }
}

/// The first digits of a SHA-256: enough for people to tell two shapes apart.
fn short_digest(bytes: &[u8]) -> String {
    sha256_hex(bytes)[..12].to_owned()
}

/// How far a point has moved, metres; none for anything but two points.
pub(super) fn distance_m(column: &str, old: (&dyn Array, usize), new: (&dyn Array, usize)) -> Option<f64> {
    if column != "geometry" {
        return None;
    }
    Some(Geodesic.distance(decode_point(old)?, decode_point(new)?))
}

fn decode_point((values, row): (&dyn Array, usize)) -> Option<Point> {
    match geometry::decode(values.as_binary_opt::<i32>()?.value(row)) {
        Ok(Geometry::Point(point)) => Some(point),
        _ => None,
    }
}

/// A type in the words of the data dictionary.
pub(super) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 => "string".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::List(_) => "list".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}
