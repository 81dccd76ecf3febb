//! Whether a line or a surface is where it was.

use std::iter;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use geo::{Coord, CoordsIter, Geometry, Polygon};

use crate::kernel::geometry;

/// A vertex of a line or a surface that has moved by less hasn't: a coordinate was written with other digits, degrees.
const LEAST_MOVE: f64 = 1.5e-12;

/// Whether two lines or surfaces have the same vertices in the same parts, but for their last digits.
pub(super) fn is_same_shape(old: (&dyn Array, usize), new: (&dyn Array, usize)) -> bool {
    let Some((old, new)) = decode_shape(old).zip(decode_shape(new)) else {
        return false;
    };
    // Vertices alone don't tell a hole from a part, or one line of four from two of two.
    geometry::type_name(&old) == geometry::type_name(&new)
        && vertices_by_part(&old) == vertices_by_part(&new)
        && old
            .coords_iter()
            .zip(new.coords_iter())
            .all(|(old, new)| is_close(old, new))
}

fn decode_shape((values, row): (&dyn Array, usize)) -> Option<Geometry<f64>> {
    let shapes = values.as_binary_opt::<i32>()?;
    geometry::decode(shapes.is_valid(row).then(|| shapes.value(row))?).ok()
}

fn is_close(old: Coord<f64>, new: Coord<f64>) -> bool {
    (old.x - new.x).abs() < LEAST_MOVE && (old.y - new.y).abs() < LEAST_MOVE
}

/// How many vertices each part has, and how many rings each polygon.
fn vertices_by_part(shape: &Geometry<f64>) -> Vec<usize> {
    match shape {
        Geometry::MultiLineString(lines) => lines.iter().map(|line| line.0.len()).collect(),
        Geometry::Polygon(polygon) => vertices_by_ring(polygon),
        Geometry::MultiPolygon(polygons) => polygons.iter().flat_map(vertices_by_ring).collect(),
        other => vec![other.coords_count()],
    }
}

fn vertices_by_ring(polygon: &Polygon<f64>) -> Vec<usize> {
    let rings = iter::once(polygon.exterior()).chain(polygon.interiors());
    let vertices = rings.map(|ring| ring.0.len());
    iter::once(polygon.interiors().len()).chain(vertices).collect()
}
