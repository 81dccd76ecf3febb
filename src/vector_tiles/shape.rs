//! Lines and areas on the square of the world, and as one zoom shows them: simplified, without what is too small to be seen.

use geo::{Geometry, LineString, Polygon};

use super::feature_bytes::DrawnKind;
use super::mercator::{MOST_LATITUDE, share_of_latitude, share_of_longitude};
use super::pyramid::EXTENT;

/// A place: shares of the square's sides, or units of a zoom's tiles.
pub(super) type Vertex = [f64; 2];

/// A line; or an area: its outer ring, then its holes, each without its first vertex again at the end.
pub(super) type Part = Vec<Vec<Vertex>>;

/// Half a pixel of a tile that is drawn 512 pixels wide, in units: how far a simplified line may be from its own.
const TOLERANCE: f64 = EXTENT as f64 / 512.0 / 2.0;
/// A pixel: parts and holes whose box is smaller are left out.
const LEAST_SIZE: f64 = 2.0 * TOLERANCE;
/// At the deepest zoom: as far as places are rounded.
const FINEST_TOLERANCE: f64 = 0.5;

/// Lines or areas of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) kind: DrawnKind,
    pub(super) parts: Vec<Part>,
}

impl Shape {
    /// Lines and areas of a geometry, each kind by itself; points aren't among them. What is beyond the square is drawn along
    /// its edge; a geometry that is wholly beyond has no shapes.
    pub(super) fn all_of(geometry: &Geometry<f64>) -> Vec<Self> {
        let mut lines = Vec::new();
        let mut areas = Vec::new();
        collect_parts(geometry, &mut lines, &mut areas);
        [(DrawnKind::Lines, lines), (DrawnKind::Areas, areas)]
            .into_iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(kind, parts)| Self { kind, parts })
            .collect()
    }

    /// The lines around areas; lines as they are.
    pub(super) fn outline(self) -> Self {
        if self.kind == DrawnKind::Lines {
            return self;
        }
        let rings = self.parts.into_iter().flatten();
        let closed = rings.map(|mut ring| {
            ring.extend(ring.first().copied());
            vec![ring]
        });
        Self {
            kind: DrawnKind::Lines,
            parts: closed.collect(),
        }
    }

    /// In units of a zoom's tiles, as that zoom shows it; `is_deepest` leaves nothing out.
    pub(super) fn at_zoom(&self, zoom: u8, is_deepest: bool) -> Self {
        let units = f64::from(EXTENT) * f64::from(1_u32 << zoom);
        let tolerance = if is_deepest { FINEST_TOLERANCE } else { TOLERANCE };
        let is_seen = |path: &Vec<Vertex>| is_deepest || size_of(path) >= LEAST_SIZE;
        let mut parts = Vec::new();
        for part in &self.parts {
            let mut shown = Part::new();
            for (path, at) in part.iter().zip(0..) {
                let scaled: Vec<Vertex> = path.iter().map(|[x, y]| [x * units, y * units]).collect();
                if is_seen(&scaled) {
                    shown.push(simplified(scaled, tolerance, self.kind));
                } else if at == 0 {
                    break;
                }
            }
            if !shown.is_empty() {
                parts.push(shown);
            }
        }
        Self {
            kind: self.kind,
            parts,
        }
    }

    /// Box of all parts: least x and y, most x and y; none where there is no part.
    pub(super) fn bounds(&self) -> Option<[f64; 4]> {
        let vertices = self.parts.iter().flatten().flatten();
        bounds_of(vertices)
    }

    /// The longer side of its box.
    pub(super) fn size(&self) -> f64 {
        self.bounds().map_or(0.0, longer_side)
    }
}

fn collect_parts(geometry: &Geometry<f64>, lines: &mut Vec<Part>, areas: &mut Vec<Part>) {
    match geometry {
        Geometry::LineString(line) => lines.extend(line_part(line)),
        Geometry::MultiLineString(all) => lines.extend(all.iter().filter_map(line_part)),
        Geometry::Polygon(area) => areas.extend(area_part(area)),
        Geometry::MultiPolygon(all) => areas.extend(all.iter().filter_map(area_part)),
        Geometry::GeometryCollection(all) => {
            all.iter()
                .for_each(|geometry| collect_parts(geometry, lines, areas));
        }
        _ => {}
    }
}

fn line_part(line: &LineString<f64>) -> Option<Part> {
    Some(vec![path_of(line)?])
}

fn area_part(area: &Polygon<f64>) -> Option<Part> {
    let rings = std::iter::once(area.exterior()).chain(area.interiors());
    let mut rings = rings.map(|ring| {
        let mut path = path_of(ring)?;
        if path.len() > 1 && path.first() == path.last() {
            path.pop();
        }
        Some(path)
    });
    let outer = rings.next()??;
    Some(std::iter::once(outer).chain(rings.flatten()).collect())
}

/// None where no vertex is on the square.
fn path_of(line: &LineString<f64>) -> Option<Vec<Vertex>> {
    let is_on_square = line.0.iter().any(|vertex| vertex.y.abs() <= MOST_LATITUDE);
    is_on_square.then(|| {
        let vertices = line.0.iter();
        vertices
            .map(|vertex| {
                [
                    share_of_longitude(vertex.x).clamp(0.0, 1.0),
                    share_of_latitude(vertex.y).clamp(0.0, 1.0),
                ]
            })
            .collect()
    })
}

fn bounds_of<'a>(vertices: impl Iterator<Item = &'a Vertex>) -> Option<[f64; 4]> {
    vertices.fold(None, |bounds, [x, y]| {
        let [left, top, right, bottom] = bounds.unwrap_or([*x, *y, *x, *y]);
        Some([left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)])
    })
}

fn longer_side([left, top, right, bottom]: [f64; 4]) -> f64 {
    (right - left).max(bottom - top)
}

fn size_of(path: &[Vertex]) -> f64 {
    bounds_of(path.iter()).map_or(0.0, longer_side)
}

/// A path without the vertices within a tolerance of it, by Ramer, Douglas and Peucker. A ring is cut in two first, where it is
/// the farthest from its beginning: closed, it has no direction to be far from.
fn simplified(path: Vec<Vertex>, tolerance: f64, kind: DrawnKind) -> Vec<Vertex> {
    if path.len() < 3 {
        return path;
    }
    let mut closed = path;
    let last = closed.len() - 1;
    let mut is_kept = vec![false; closed.len() + 1];
    if kind == DrawnKind::Areas {
        let first = closed[0];
        closed.push(first);
        let distances = closed.iter().map(|vertex| squared_distance(*vertex, first));
        let farthest = distances.zip(0..).max_by(|a, b| a.0.total_cmp(&b.0));
        let cut = farthest.map_or(0, |(_, at)| at);
        mark_kept(&closed, 0, cut, tolerance, &mut is_kept);
        mark_kept(&closed, cut, last + 1, tolerance, &mut is_kept);
        // The first vertex again.
        is_kept[last + 1] = false;
    } else {
        mark_kept(&closed, 0, last, tolerance, &mut is_kept);
    }
    let kept = closed.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept);
    kept.map(|(vertex, _)| *vertex).collect()
}

/// Marks the vertices of a stretch that are kept. With a list of stretches to do, not by calling itself: a spiral would go as
/// deep as it has vertices.
fn mark_kept(path: &[Vertex], start: usize, end: usize, tolerance: f64, is_kept: &mut [bool]) {
    is_kept[start] = true;
    is_kept[end] = true;
    let mut stretches = vec![(start, end)];
    while let Some((start, end)) = stretches.pop() {
        let between = start + 1..end;
        let distances = between.map(|at| (squared_distance_to_line(path[at], path[start], path[end]), at));
        let farthest = distances.max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((distance, at)) = farthest
            && distance > tolerance * tolerance
        {
            is_kept[at] = true;
            stretches.extend([(start, at), (at, end)]);
        }
    }
}

fn squared_distance([x, y]: Vertex, [to_x, to_y]: Vertex) -> f64 {
    (x - to_x).powi(2) + (y - to_y).powi(2)
}

fn squared_distance_to_line(vertex: Vertex, start: Vertex, end: Vertex) -> f64 {
    let along = [end[0] - start[0], end[1] - start[1]];
    let length = along[0].powi(2) + along[1].powi(2);
    if length == 0.0 {
        return squared_distance(vertex, start);
    }
    let share = ((vertex[0] - start[0]) * along[0] + (vertex[1] - start[1]) * along[1]) / length;
    let share = share.clamp(0.0, 1.0);
    squared_distance(vertex, [start[0] + along[0] * share, start[1] + along[1] * share])
}

#[cfg(test)]
mod tests {
    use geo::wkt;

    use super::*;

    #[test]
    fn a_zoom_shows_what_is_a_pixel_large_and_no_more_vertices_than_it_needs() {
        let area: Geometry<f64> = wkt!(POLYGON(
            (0. 0., 0.5 0., 0.5 0.000_001, 0.5 0.5, 0. 0.5, 0. 0.),
            (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.2, 0.1 0.1)
        ))
        .into();
        let shapes = Shape::all_of(&area);
        let rings_at = |zoom: u8| {
            shapes[0]
                .at_zoom(zoom, zoom == 14)
                .parts
                .iter()
                .map(Vec::len)
                .sum::<usize>()
        };
        assert_eq!([0, 1, 4, 14].map(rings_at), [0, 1, 2, 2], "{shapes:?}");
        assert_eq!(shapes[0].at_zoom(6, false).parts[0][0].len(), 4);
    }

    #[test]
    fn lines_beyond_the_square_have_no_shape() {
        assert!(Shape::all_of(&wkt!(LINESTRING(0. 86., 1. 87.)).into()).is_empty());
    }

    #[test]
    fn a_long_spiral_is_simplified() {
        let spiral = (0..200_000).map(f64::from).map(|n| {
            let angle = n / 500.0;
            [n * angle.cos() / 2e6, n * angle.sin() / 2e6]
        });
        let kept = simplified(spiral.collect(), 0.001, DrawnKind::Lines);
        assert!(kept.len() > 100 && kept.len() < 20_000, "{}", kept.len());
    }
}
