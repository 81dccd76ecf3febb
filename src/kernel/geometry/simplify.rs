//! Polygons with fewer corners, for maps: none of their edges cross that didn't.
//!
//! By Ramer, Douglas and Peucker, ring by ring, whose result may cross itself or its neighbours: edges that do are split where the
//! source is the farthest from them, until none does.

use geo::{
    BooleanOps, BoundingRect, Contains, Coord, Line, LineString, MultiPolygon, Polygon, Rect, SimplifyIdx,
};

use super::check::is_polygon;
use super::crossings::edges_that_meet;

/// How far the coarsest outline may be from the polygons, degrees: about a kilometre.
const COARSEST: f64 = 0.01;
/// A polygon of this many tolerances across still looks like itself.
const TOLERANCES_ACROSS: f64 = 50.0;
/// How often a finer outline is tried, and how much finer it is.
const ROUNDS: u32 = 4;
const FINER: f64 = 4.0;

/// Polygons with fewer corners.
#[derive(Debug, Clone, PartialEq)]
pub struct Simplified {
    /// The polygons: each corner is one of the source's, or where edges of the source cross.
    pub shape: MultiPolygon<f64>,
    /// No corner that was left out is farther from an edge, degrees; 0 where none was left out. Parts and holes of less than
    /// twice this across are left out, but never the largest part.
    pub tolerance: f64,
}

/// Simplifies polygons to a fiftieth of what the largest is across, a hundredth of a degree at most. Where edges would cross, corners
/// between them are taken back. Rings that cross or touch themselves in the source are mended; where even that leaves some, they stay as they are.
///
/// Each polygon by itself: neighbours share no common border any more, and may leave gaps or overlap by the tolerance.
///
/// ```
/// use cikr::kernel::geometry::simplify;
/// use geo::{MultiPolygon, polygon};
///
/// // A corner of 0.004 degrees is no corner of a square of a degree.
/// let shape = polygon![
///     (x: 0.0, y: 0.0), (x: 0.5, y: 0.004), (x: 1.0, y: 0.0), (x: 1.0, y: 1.0), (x: 0.0, y: 1.0),
/// ];
/// let found = simplify(&MultiPolygon::from(shape));
/// assert_eq!(found.tolerance, 0.01);
/// assert_eq!(found.shape.0[0].exterior().0.len(), 5, "four corners and the first again");
/// ```
pub fn simplify(shape: &MultiPolygon<f64>) -> Simplified {
    if let Some(found) = simplified_in_rounds(shape) {
        return found;
    }
    // Rings that cross or touch themselves in the source are taken apart by the even-odd rule, by which points are located.
    let mended = shape.union(&MultiPolygon::new(vec![]));
    let is_mended = is_drawable(&mended);
    let found = simplified_in_rounds(&mended).filter(|_| is_mended);
    found.unwrap_or_else(|| Simplified {
        shape: if is_mended { mended } else { shape.clone() },
        tolerance: 0.0,
    })
}

fn simplified_in_rounds(shape: &MultiPolygon<f64>) -> Option<Simplified> {
    let across = shape.iter().map(size_across).fold(0.0, f64::max);
    let mut tolerance = COARSEST.min(across / TOLERANCES_ACROSS);
    for _ in 0..ROUNDS {
        let candidate = simplified_to(shape, tolerance, across);
        if let Some(shape) = candidate.filter(is_drawable) {
            return Some(Simplified { shape, tolerance });
        }
        tolerance /= FINER;
    }
    None
}

/// The longer side of a polygon's box, degrees.
fn size_across(polygon: &Polygon<f64>) -> f64 {
    polygon.bounding_rect().map_or(0.0, longer_side)
}

fn longer_side(bounds: Rect<f64>) -> f64 {
    bounds.width().max(bounds.height())
}

/// The polygons without the corners within a tolerance, but for those that keep edges from meeting; none where that takes more
/// corners than there are.
fn simplified_to(shape: &MultiPolygon<f64>, tolerance: f64, largest: f64) -> Option<MultiPolygon<f64>> {
    let parts = shape.iter().filter(|polygon| {
        let across = size_across(polygon);
        across >= 2.0 * tolerance || across >= largest
    });
    let parts: Vec<Vec<&LineString<f64>>> = parts.map(|polygon| rings_to_keep(polygon, tolerance)).collect();
    let rings = parts.iter().flatten();
    let mut kept: Vec<KeptRing<'_>> = rings.map(|ring| KeptRing::within(ring, tolerance)).collect();
    loop {
        let lines: Vec<Vec<Line<f64>>> = kept.iter().map(KeptRing::lines).collect();
        let wrong = edges_that_meet(&lines);
        if wrong.is_empty() {
            break;
        }
        // From the last place to the first, so that places before stay what they are.
        let mut has_split = false;
        for (ring, place) in wrong.into_iter().rev() {
            has_split |= kept[ring].split_edge(place);
        }
        if !has_split {
            return None;
        }
    }
    let mut rings = kept.into_iter().map(KeptRing::line_string);
    let polygons = parts.iter().filter_map(|part| {
        let outer = rings.next()?;
        Some(Polygon::new(outer, rings.by_ref().take(part.len() - 1).collect()))
    });
    Some(polygons.collect())
}

/// The outer ring of a polygon, and its holes that are not too small.
fn rings_to_keep(polygon: &Polygon<f64>, tolerance: f64) -> Vec<&LineString<f64>> {
    let holes = polygon.interiors().iter();
    let holes = holes.filter(|hole| hole.bounding_rect().map_or(0.0, longer_side) >= 2.0 * tolerance);
    std::iter::once(polygon.exterior()).chain(holes).collect()
}

/// Corners of a ring that are kept.
struct KeptRing<'a> {
    corners: &'a [Coord<f64>],
    /// Places of the kept ones, in order; the first and the last of all are among them.
    kept: Vec<usize>,
}

impl<'a> KeptRing<'a> {
    /// Those of which none that is left out is farther from an edge than the tolerance.
    fn within(ring: &'a LineString<f64>, tolerance: f64) -> Self {
        let corners = ring.0.as_slice();
        let Some(first) = corners.first() else {
            return Self {
                corners,
                kept: vec![],
            };
        };
        // A closed line has no direction to be far from, so that it is cut in two first: where it is the farthest from its
        // beginning.
        let distances = corners.iter().map(|corner| squared_distance(*first, *corner));
        let farthest = distances.zip(0..).max_by(|a, b| a.0.total_cmp(&b.0));
        let cut = farthest.map_or(0, |(_, place)| place);
        let mut kept = places_within(&corners[..=cut], tolerance);
        kept.pop();
        let beyond = places_within(&corners[cut..], tolerance);
        kept.extend(beyond.into_iter().map(|place| place + cut));
        Self { corners, kept }
    }

    fn lines(&self) -> Vec<Line<f64>> {
        let pairs = self.kept.windows(2);
        pairs
            .map(|pair| Line::new(self.corners[pair[0]], self.corners[pair[1]]))
            .collect()
    }

    /// Takes back the corner that is the farthest from an edge; tells whether there is one.
    fn split_edge(&mut self, place: usize) -> bool {
        let start = self.kept[place];
        let end = self.kept[place + 1];
        let edge = Line::new(self.corners[start], self.corners[end]);
        let between = (start + 1..end).map(|at| (squared_distance_to_line(self.corners[at], edge), at));
        let Some((_, farthest)) = between.max_by(|a, b| a.0.total_cmp(&b.0)) else {
            return false;
        };
        self.kept.insert(place + 1, farthest);
        true
    }

    fn line_string(self) -> LineString<f64> {
        let corners = self.kept.iter().map(|place| self.corners[*place]);
        LineString::new(corners.collect())
    }
}

/// Places of the corners of a line that are kept, by Ramer, Douglas and Peucker.
fn places_within(corners: &[Coord<f64>], tolerance: f64) -> Vec<usize> {
    LineString::new(corners.to_vec()).simplify_idx(tolerance)
}

fn squared_distance(one: Coord<f64>, other: Coord<f64>) -> f64 {
    (one.x - other.x).powi(2) + (one.y - other.y).powi(2)
}

fn squared_distance_to_line(point: Coord<f64>, line: Line<f64>) -> f64 {
    let along = line.delta();
    let length = along.x.powi(2) + along.y.powi(2);
    let from_start = point - line.start;
    let share = ((from_start.x * along.x + from_start.y * along.y) / length).clamp(0.0, 1.0);
    // Of a line without length there is no share, and any of its points is as near.
    let share = if share.is_nan() { 0.0 } else { share };
    squared_distance(point, line.start + along * share)
}

/// Whether every ring stands, no edges meet where they mustn't, and parts and holes lie where they belong.
fn is_drawable(shape: &MultiPolygon<f64>) -> bool {
    if shape.0.is_empty() || !shape.iter().all(is_polygon) {
        return false;
    }
    let rings: Vec<Vec<Line<f64>>> = shape
        .iter()
        .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()))
        .map(|ring| ring.lines().collect())
        .collect();
    edges_that_meet(&rings).is_empty() && shape.iter().all(holds_its_holes) && parts_are_apart(shape)
}

// Where no edges cross, one corner of a ring tells where all of it lies.

fn holds_its_holes(polygon: &Polygon<f64>) -> bool {
    let filled = Polygon::new(polygon.exterior().clone(), vec![]);
    let mut holes = polygon.interiors().iter();
    holes.all(|hole| hole.0.iter().any(|corner| filled.contains(corner)))
}

fn parts_are_apart(shape: &MultiPolygon<f64>) -> bool {
    let boxes: Vec<Option<Rect<f64>>> = shape.iter().map(BoundingRect::bounding_rect).collect();
    shape.iter().enumerate().all(|(at, part)| {
        let Some(bounds) = boxes[at] else { return false };
        let others = shape.iter().enumerate().filter(|(other, _)| *other != at);
        let mut around =
            others.filter(|(other, _)| boxes[*other].is_some_and(|outer| outer.contains(&bounds)));
        !around.any(|(_, other)| part.exterior().0.iter().all(|corner| other.contains(corner)))
    })
}

#[cfg(test)]
mod tests {
    use geo::{Area, MultiPolygon, wkt};
    use proptest::prelude::*;

    use super::{is_drawable, simplify};

    #[test]
    fn what_is_too_small_is_left_out_and_the_largest_part_never() {
        let islands = wkt!(MULTIPOLYGON(
            ((0. 0., 1. 0., 1. 1., 0. 1., 0. 0.), (0.5 0.5, 0.505 0.5, 0.505 0.505, 0.5 0.5)),
            ((5. 5., 5.001 5., 5.001 5.001, 5. 5.))
        ));
        let found = simplify(&islands);
        assert_eq!((found.shape.0.len(), found.shape.0[0].interiors().len()), (1, 0));
        let speck = wkt!(MULTIPOLYGON(((5. 5., 5.001 5., 5.001 5.001, 5. 5.))));
        assert_eq!(simplify(&speck).shape, speck);
    }

    #[test]
    fn a_polygon_that_crosses_itself_becomes_two() {
        let bow: MultiPolygon<f64> = wkt!(MULTIPOLYGON(((0. 0., 2. 2., 2. 0., 0. 2., 0. 0.))));
        let found = simplify(&bow);
        assert!(is_drawable(&found.shape));
        assert_eq!(found.shape.0.len(), 2);
        assert!((found.shape.unsigned_area() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_narrow_inlet_is_not_closed_over_itself() {
        // Both banks dip in the middle, the southern one by a little less than the tolerance, the northern one by a little
        // more: the one straightened and the other not, they would cross.
        let inlet = wkt!(MULTIPOLYGON(((
            0. 0., 1. 0., 1. 0.999, 0.6 0.9903, 0.2 0.999, 0.2 1.001, 0.6 0.9908, 1. 1.001, 1. 2., 0. 2., 0. 0.
        ))));
        let found = simplify(&inlet);
        assert!(is_drawable(&inlet) && is_drawable(&found.shape));
        let corners = found.shape.0[0].exterior();
        assert!(
            corners.0.contains(&geo::coord! { x: 0.6, y: 0.9903 }),
            "taken back: {corners:?}"
        );
        assert!(found.tolerance > 0.009, "{}", found.tolerance);
    }

    proptest! {
        #[test]
        fn any_star_stays_drawable(radii in prop::collection::vec(0.2f64..1.0, 3..40)) {
            let step = std::f64::consts::TAU / radii.len() as f64;
            let corners = radii.iter().zip(0u32..).map(|(radius, at)| {
                let angle = f64::from(at) * step;
                (radius * angle.cos(), radius * angle.sin())
            });
            let star = MultiPolygon::from(geo::Polygon::new(corners.collect(), vec![]));
            prop_assert!(is_drawable(&simplify(&star).shape));
        }
    }
}
