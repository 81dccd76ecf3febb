//! One polygon and its edges, filed by latitude.
//!
//! Knows its own edges only: which polygons to ask is the grid's business.

use geo::kernels::{Kernel, RobustKernel};
use geo::{BoundingRect, Coord, CoordsIter, Line, LinesIter, MultiPoint, Orientation, Point, Polygon, Rect};

/// Edges per slab: fewer make the test faster and the index larger (at 4, about 50 bytes per edge).
const SLAB_EDGES: usize = 4;

/// An edge, its lower end first (by latitude, then longitude): the same for both of its neighbours,
/// whichever way their rings turn.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub(super) low: Coord<f64>,
    pub(super) high: Coord<f64>,
}

impl From<Line<f64>> for Edge {
    fn from(Line { start, end }: Line<f64>) -> Self {
        let (low, high) = if (start.y, start.x) <= (end.y, end.x) {
            (start, end)
        } else {
            (end, start)
        };
        Self { low, high }
    }
}

/// A polygon whose edges are filed in slabs of equal height.
pub(super) struct Part {
    /// Rank of the code it belongs to.
    pub(super) owner: u32,
    pub(super) bounds: Rect<f64>,
    /// Slabs per degree.
    scale: f64,
    /// Where each slab's edges begin in `edges`, and the end of the last.
    slabs: Vec<u32>,
    /// Edges slab by slab, an edge once in each that it touches: a test reads one run of memory.
    edges: Vec<Edge>,
}

impl Part {
    /// Files a polygon's edges; none where it is empty or has a coordinate that isn't finite.
    pub(super) fn new(owner: usize, polygon: &Polygon<f64>) -> Option<Self> {
        if polygon
            .coords_iter()
            .any(|c| !(c.x.is_finite() && c.y.is_finite()))
        {
            return None;
        }
        // A hole may reach beyond the exterior ring.
        let corners: MultiPoint<f64> = polygon.coords_iter().map(Point::from).collect();
        let bounds = corners.bounding_rect()?;
        let owner = u32::try_from(owner).expect("a set has less than 2^32 codes");
        let edges: Vec<Edge> = polygon.lines_iter().map(Edge::from).collect();
        let count = edges.len().div_ceil(SLAB_EDGES).max(1);
        let height = bounds.height();
        let scale = if height > 0.0 { count as f64 / height } else { 0.0 };
        let mut part = Self {
            owner,
            bounds,
            scale,
            slabs: vec![0; count + 1],
            edges: Vec::new(),
        };
        part.sort_into_slabs(edges);
        Some(part)
    }

    /// Counting sort of the edges into every slab they touch.
    fn sort_into_slabs(&mut self, edges: Vec<Edge>) {
        for edge in &edges {
            let from = self.slab_of(edge.low.y);
            let to = self.slab_of(edge.high.y);
            for count in &mut self.slabs[from + 1..=to + 1] {
                *count += 1;
            }
        }
        for slab in 1..self.slabs.len() {
            self.slabs[slab] += self.slabs[slab - 1];
        }
        let Some(&blank) = edges.first() else { return };
        let mut next = self.slabs.clone();
        let mut filed = vec![blank; self.slabs.last().map_or(0, |&total| total as usize)];
        for edge in edges {
            for at in &mut next[self.slab_of(edge.low.y)..=self.slab_of(edge.high.y)] {
                filed[*at as usize] = edge;
                *at += 1;
            }
        }
        self.edges = filed;
    }

    /// Whether the polygon holds a point, its border included (even-odd rule, exact predicates).
    pub(super) fn covers(&self, p: Coord<f64>) -> bool {
        let min = self.bounds.min();
        let max = self.bounds.max();
        if p.x < min.x || p.x > max.x || p.y < min.y || p.y > max.y {
            return false;
        }
        // Half-open in latitude, so that a ray through a vertex crosses one of its two edges, not both or none. Both
        // neighbours of a border see the same edge with the same ends, so that a ray crosses it for both or for neither,
        // and no point falls between two counties.
        let mut inside = false;
        for &Edge { low, high } in self.edges_between(p.y, p.y) {
            // A ray to the east crosses the edge if low.y <= p.y < high.y.
            if p.y < low.y || p.y > high.y || (low.x < p.x && high.x < p.x) {
                continue;
            }
            if low.x > p.x && high.x > p.x {
                inside ^= p.y < high.y;
                continue;
            }
            // Only here does rounding matter, and here the predicate is exact: a plain cross product takes points within
            // a few units of the last place to the wrong side.
            match RobustKernel::orient2d(low, high, p) {
                Orientation::Collinear => return true,
                Orientation::CounterClockwise => inside ^= p.y < high.y,
                Orientation::Clockwise => {}
            }
        }
        inside
    }

    /// Edges that may touch the latitudes `south..=north`; some of them twice.
    pub(super) fn edges_between(&self, south: f64, north: f64) -> &[Edge] {
        let from = self.slabs[self.slab_of(south)] as usize;
        let to = self.slabs[self.slab_of(north) + 1] as usize;
        &self.edges[from..to]
    }

    /// Number of filed edges, each once per slab.
    pub(super) fn filed_edges(&self) -> usize {
        self.edges.len()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and rises with y, which is all that filing needs"
    )]
    fn slab_of(&self, y: f64) -> usize {
        (((y - self.bounds.min().y) * self.scale) as usize).min(self.slabs.len() - 2)
    }
}
