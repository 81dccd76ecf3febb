//! A flat list of rings → polygons.
//!
//! Esri JSON lists the rings of all parts in one row: shells clockwise, holes counter-clockwise. Which hole is
//! whose is found by containment. Where a hole is in no shell, direction means nothing in this geometry, and
//! how deep rings lie in each other tells shells from holes. Shells come out counter-clockwise, as RFC 7946
//! and OGC have it.

use geo::coordinate_position::{CoordPos, coord_pos_relative_to_ring};
use geo::{Area, BoundingRect, Geometry, LineString, MultiPolygon, Polygon, Rect};
use rstar::RTree;
use rstar::primitives::{GeomWithData, Rectangle};

/// Corners that are looked at to find out which ring lies in which. A geometry that needs more is made to
/// keep a machine busy; real ones, of a million corners and thousands of islands, need a thousandth.
const EFFORT: u64 = 1 << 30;

/// What became of the rings.
pub(super) struct AssembledRings {
    /// A polygon or several; none where no ring is left.
    pub(super) geometry: Option<Geometry>,
    /// Whether a ring was closed or left out.
    pub(super) is_mended: bool,
}

/// A ring that is closed and has an area.
struct Ring {
    line: LineString,
    /// Positive where it runs counter-clockwise.
    area: f64,
    bounds: Rect,
}

/// Makes polygons of rings of three corners and more.
pub(super) fn assemble_polygons(lines: Vec<LineString>) -> AssembledRings {
    let all = lines.len();
    let mut is_mended = false;
    let mut rings = Vec::new();
    let mut flat = Vec::new();
    for mut line in lines {
        if line.0.first() != line.0.last() {
            line.close();
            is_mended = true;
        }
        match Ring::new(line) {
            Ok(ring) => rings.push(ring),
            Err(line) => flat.push(line),
        }
    }
    if rings.is_empty() {
        // Nothing but slivers: what they are worth is the kernel's to say.
        let polygons = flat
            .into_iter()
            .map(|line| Polygon::new(line, Vec::new()))
            .collect();
        return AssembledRings {
            geometry: one_or_many(polygons),
            is_mended,
        };
    }
    is_mended |= rings.len() < all;
    AssembledRings {
        geometry: nest_rings(rings, EFFORT).and_then(one_or_many),
        is_mended,
    }
}

fn one_or_many(mut polygons: Vec<Polygon>) -> Option<Geometry> {
    match polygons.len() {
        0 => None,
        1 => Some(Geometry::Polygon(polygons.remove(0))),
        _ => Some(Geometry::MultiPolygon(MultiPolygon(polygons))),
    }
}

/// Gives every hole to its shell; none where that takes too long.
fn nest_rings(rings: Vec<Ring>, mut effort: u64) -> Option<Vec<Polygon>> {
    let is_shell: Vec<bool> = rings.iter().map(|ring| ring.area < 0.0).collect();
    let shells = index_boxes(&rings, |at| is_shell[at]);
    let mut owners = vec![None; rings.len()];
    for hole in (0..rings.len()).filter(|at| !is_shell[*at]) {
        owners[hole] = rings_around(&rings, hole, &shells, &mut effort)?.first().copied();
    }
    // Directions are believed as long as every hole has a shell. One that has none shows that its writer knew nothing
    // of directions, and then none of them counts.
    if (0..rings.len()).all(|at| is_shell[at] || owners[at].is_some()) {
        return Some(build_polygons(rings, &owners));
    }
    nest_by_depth(rings, effort)
}

/// Tells shells from holes by the number of rings around each.
fn nest_by_depth(rings: Vec<Ring>, mut effort: u64) -> Option<Vec<Polygon>> {
    let all = index_boxes(&rings, |_| true);
    let outer: Option<Vec<Vec<usize>>> = (0..rings.len())
        .map(|at| rings_around(&rings, at, &all, &mut effort))
        .collect();
    let outer = outer?;
    // Within one ring is a hole, within two an island in it, and so on.
    let is_hole: Vec<bool> = outer.iter().map(|around| around.len() % 2 == 1).collect();
    let mut owners = vec![None; rings.len()];
    for hole in (0..rings.len()).filter(|at| is_hole[*at]) {
        owners[hole] = outer[hole].iter().copied().find(|ring| !is_hole[*ring]);
    }
    Some(build_polygons(rings, &owners))
}

/// Polygons in the order of their shells, each with its holes in order.
fn build_polygons(rings: Vec<Ring>, owners: &[Option<usize>]) -> Vec<Polygon> {
    let mut holes: Vec<Vec<LineString>> = vec![Vec::new(); rings.len()];
    let mut shells = Vec::new();
    for (at, ring) in rings.into_iter().enumerate() {
        match owners[at] {
            Some(owner) => holes[owner].push(ring.into_oriented(false)),
            None => shells.push((at, ring.into_oriented(true))),
        }
    }
    shells
        .into_iter()
        .map(|(at, shell)| Polygon::new(shell, std::mem::take(&mut holes[at])))
        .collect()
}

type BoxIndex = RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>;

fn index_boxes(rings: &[Ring], is_in: impl Fn(usize) -> bool) -> BoxIndex {
    let boxes = rings
        .iter()
        .enumerate()
        .filter(|(at, _)| is_in(*at))
        .map(|(at, ring)| {
            let low = ring.bounds.min();
            let high = ring.bounds.max();
            GeomWithData::new(Rectangle::from_corners([low.x, low.y], [high.x, high.y]), at)
        });
    RTree::bulk_load(boxes.collect())
}

/// The rings around one, the smallest first; none where that takes too long.
fn rings_around(rings: &[Ring], inner: usize, tree: &BoxIndex, effort: &mut u64) -> Option<Vec<usize>> {
    let corner = rings[inner].bounds.min();
    let mut found = Vec::new();
    for candidate in tree.locate_all_at_point(&[corner.x, corner.y]) {
        let outer = candidate.data;
        *effort = effort.checked_sub(rings[outer].line.0.len() as u64)?;
        if outer != inner && rings[outer].contains(&rings[inner], effort)? {
            found.push(outer);
        }
    }
    found.sort_by(|a, b| {
        rings[*a]
            .area
            .abs()
            .total_cmp(&rings[*b].area.abs())
            .then(a.cmp(b))
    });
    Some(found)
}

impl Ring {
    /// A closed line as a ring; the line itself where it has no area.
    fn new(line: LineString) -> Result<Self, LineString> {
        let polygon = Polygon::new(line, Vec::new());
        let area = polygon.signed_area();
        let bounds = polygon.bounding_rect();
        let (line, _) = polygon.into_inner();
        match bounds {
            Some(bounds) if area != 0.0 && area.is_finite() => Ok(Self { line, area, bounds }),
            _ => Err(line),
        }
    }

    /// Whether another ring lies within this one; they may share corners and edges. None where that takes too long.
    fn contains(&self, other: &Self, effort: &mut u64) -> Option<bool> {
        let is_around = self.bounds.min().x <= other.bounds.min().x
            && self.bounds.min().y <= other.bounds.min().y
            && self.bounds.max().x >= other.bounds.max().x
            && self.bounds.max().y >= other.bounds.max().y;
        if !is_around || self.area.abs() <= other.area.abs() {
            return Some(false);
        }
        let corners = other.line.0.iter().copied();
        let middles = other.line.lines().map(|edge| (edge.start + edge.end) / 2.0);
        // Rings may touch, so that a corner on the edge decides nothing. Middles of edges do where all corners lie on
        // the other ring.
        for point in corners.chain(middles) {
            *effort = effort.checked_sub(self.line.0.len() as u64)?;
            match coord_pos_relative_to_ring(point, &self.line) {
                CoordPos::Inside => return Some(true),
                CoordPos::Outside => return Some(false),
                CoordPos::OnBoundary => {}
            }
        }
        Some(true)
    }

    /// The line in the direction of a shell or a hole.
    fn into_oriented(self, is_shell: bool) -> LineString {
        let mut line = self.line;
        if (self.area > 0.0) != is_shell {
            line.0.reverse();
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square around (x, y); clockwise, as Esri's shells are, or not.
    fn square(x: f64, y: f64, half: f64, clockwise: bool) -> LineString {
        let mut corners = vec![
            (x - half, y - half),
            (x - half, y + half),
            (x + half, y + half),
            (x + half, y - half),
            (x - half, y - half),
        ];
        if !clockwise {
            corners.reverse();
        }
        corners.into()
    }

    /// Per polygon: size of the shell, and of its holes.
    fn shapes(lines: Vec<LineString>) -> Vec<(f64, Vec<f64>)> {
        let width = |line: &LineString| line.bounding_rect().unwrap().width();
        let polygons = match assemble_polygons(lines).geometry {
            Some(Geometry::Polygon(polygon)) => vec![polygon],
            Some(Geometry::MultiPolygon(polygons)) => polygons.0,
            other => panic!("{other:?}"),
        };
        for polygon in &polygons {
            assert!(Polygon::new(polygon.exterior().clone(), vec![]).signed_area() > 0.0);
            assert!(
                polygon
                    .interiors()
                    .iter()
                    .all(|hole| Polygon::new(hole.clone(), vec![]).signed_area() < 0.0)
            );
        }
        polygons
            .iter()
            .map(|p| (width(p.exterior()), p.interiors().iter().map(width).collect()))
            .collect()
    }

    #[test]
    fn holes_find_the_smallest_shell_around_them() {
        // An island with a lake in a lake of a larger island, and another island; the holes come first.
        let rings = vec![
            square(0.0, 0.0, 4.0, false),
            square(0.0, 0.0, 1.0, false),
            square(0.0, 0.0, 5.0, true),
            square(0.0, 0.0, 2.0, true),
            square(20.0, 0.0, 3.0, true),
            square(21.0, 0.0, 1.0, false),
        ];
        assert_eq!(
            shapes(rings),
            [(10.0, vec![8.0]), (4.0, vec![2.0]), (6.0, vec![2.0])]
        );
    }

    #[test]
    fn holes_without_a_shell_become_shells() {
        assert_eq!(shapes(vec![square(0.0, 0.0, 1.0, false)]), [(2.0, vec![])]);
        let apart = vec![square(0.0, 0.0, 1.0, true), square(9.0, 0.0, 2.0, false)];
        assert_eq!(shapes(apart), [(2.0, vec![]), (4.0, vec![])]);
        // All directions the wrong way round: an area with a hole all the same.
        let turned = vec![square(0.0, 0.0, 3.0, false), square(0.0, 0.0, 1.0, true)];
        assert_eq!(shapes(turned), [(6.0, vec![2.0])]);
        let nested = vec![square(0.0, 0.0, 3.0, false), square(0.0, 0.0, 1.0, false)];
        assert_eq!(shapes(nested), [(6.0, vec![2.0])]);
    }

    #[test]
    fn a_hole_that_touches_its_shell_is_within() {
        let notch: LineString = vec![(-2.0, -2.0), (0.0, -2.0), (0.0, 0.0), (-2.0, 0.0), (-2.0, -2.0)].into();
        assert_eq!(
            shapes(vec![square(0.0, 0.0, 2.0, true), notch]),
            [(4.0, vec![2.0])]
        );
    }

    #[test]
    fn slivers_are_left_out_unless_there_is_nothing_else() {
        let sliver: LineString = vec![(0.0, 0.0), (5.0, 0.0), (9.0, 0.0), (0.0, 0.0)].into();
        let assembled = assemble_polygons(vec![square(0.0, 0.0, 1.0, true), sliver.clone()]);
        assert!(assembled.is_mended && matches!(assembled.geometry, Some(Geometry::Polygon(_))));
        assert!(matches!(
            assemble_polygons(vec![sliver]).geometry,
            Some(Geometry::Polygon(_))
        ));
        assert!(assemble_polygons(vec![]).geometry.is_none());
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let rings = |count: u32| {
            let rings = (1..=count).map(|n| square(0.0, 0.0, f64::from(n), n % 2 == 0));
            rings.map(|line| Ring::new(line).unwrap()).collect::<Vec<_>>()
        };
        assert!(nest_rings(rings(200), 1_000_000).is_some());
        assert!(nest_rings(rings(2000), 1_000_000).is_none());
    }
}
