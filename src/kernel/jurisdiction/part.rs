//! One polygon and its edges, filed by latitude.
//!
//! Knows its own edges only: which polygons to ask is the grid's business.

use geo::kernels::{Kernel, RobustKernel};
use geo::{BoundingRect, Coord, LineString, Orientation, Polygon, Rect};

/// Edges per slab: fewer make the test faster and the index larger.
const SLAB_EDGES: usize = 4;

/// A polygon whose edges are filed in slabs of equal height.
pub(super) struct Part {
    /// Rank of the code it belongs to.
    pub(super) owner: u32,
    pub(super) bounds: Rect<f64>,
    /// Slabs per degree.
    scale: f64,
    /// The points of all rings; an edge is the number of its first point.
    points: Vec<Coord<f64>>,
    /// Where each slab's edges begin in `edges`, and the end of the last.
    slabs: Vec<u32>,
    edges: Vec<u32>,
}

impl Part {
    /// Files a polygon's edges; none where it is empty or has a coordinate that isn't finite.
    pub(super) fn new(owner: u32, polygon: Polygon<f64>) -> Option<Self> {
        let (exterior, interiors) = polygon.into_inner();
        let (mut points, mut firsts) = (Vec::new(), Vec::new());
        for ring in std::iter::once(exterior).chain(interiors) {
            let from = points.len();
            points.extend(ring.0);
            firsts.extend(from..points.len().saturating_sub(1).max(from));
        }
        if points.iter().any(|c| !(c.x.is_finite() && c.y.is_finite())) {
            return None;
        }
        let outline = LineString::new(points);
        let bounds = outline.bounding_rect()?;
        let points = outline.0;
        let count = firsts.len().div_ceil(SLAB_EDGES).max(1);
        let height = bounds.height();
        let scale = if height > 0.0 { count as f64 / height } else { 0.0 };
        let mut part = Self { owner, bounds, scale, points, slabs: vec![0; count + 1], edges: Vec::new() };
        part.file(&firsts);
        Some(part)
    }

    /// Counting sort of the edges into every slab they touch.
    fn file(&mut self, firsts: &[usize]) {
        let number = |n: usize| u32::try_from(n).expect("a polygon has less than 2^32 edges");
        let spans: Vec<(u32, usize, usize)> = firsts
            .iter()
            .map(|&first| {
                let (low, high) = self.edge(number(first));
                (number(first), self.slab(low.y), self.slab(high.y))
            })
            .collect();
        for &(_, from, to) in &spans {
            self.slabs[from + 1..=to + 1].iter_mut().for_each(|count| *count += 1);
        }
        for slab in 1..self.slabs.len() {
            self.slabs[slab] += self.slabs[slab - 1];
        }
        let mut next = self.slabs.clone();
        self.edges = vec![0; self.slabs.last().map_or(0, |&total| total as usize)];
        for (edge, from, to) in spans {
            for at in &mut next[from..=to] {
                self.edges[*at as usize] = edge;
                *at += 1;
            }
        }
    }

    /// Whether the polygon holds a point, its border included (even-odd rule, exact predicates).
    pub(super) fn covers(&self, p: Coord<f64>) -> bool {
        let (min, max) = (self.bounds.min(), self.bounds.max());
        if p.x < min.x || p.x > max.x || p.y < min.y || p.y > max.y {
            return false;
        }
        let mut inside = false;
        for (low, high) in self.edges_between(p.y, p.y) {
            // A ray to the east crosses the edge if low.y <= p.y < high.y.
            if p.y < low.y || p.y > high.y || (low.x < p.x && high.x < p.x) {
                continue;
            }
            if low.x > p.x && high.x > p.x {
                inside ^= p.y < high.y;
                continue;
            }
            match RobustKernel::orient2d(low, high, p) {
                Orientation::Collinear => return true,
                Orientation::CounterClockwise => inside ^= p.y < high.y,
                Orientation::Clockwise => {}
            }
        }
        inside
    }

    /// Edges that may touch the latitudes `south..=north`, lower end first; some of them twice.
    pub(super) fn edges_between(
        &self,
        south: f64,
        north: f64,
    ) -> impl Iterator<Item = (Coord<f64>, Coord<f64>)> {
        let from = self.slabs[self.slab(south)] as usize;
        let to = self.slabs[self.slab(north) + 1] as usize;
        self.edges[from..to.max(from)].iter().map(|&edge| self.edge(edge))
    }

    /// Number of filed edges, each once per slab.
    pub(super) fn filed(&self) -> usize {
        self.edges.len()
    }

    /// The edge's ends by latitude, then longitude: the same for a border shared in two directions.
    fn edge(&self, first: u32) -> (Coord<f64>, Coord<f64>) {
        let (a, b) = (self.points[first as usize], self.points[first as usize + 1]);
        if (a.y, a.x) <= (b.y, b.x) { (a, b) } else { (b, a) }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and rises with y, which is all that filing needs"
    )]
    fn slab(&self, y: f64) -> usize {
        (((y - self.bounds.min().y) * self.scale) as usize).min(self.slabs.len() - 2)
    }
}
