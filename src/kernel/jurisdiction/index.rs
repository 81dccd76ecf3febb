//! The index: codes, outlines, and the two ways to find them.

#![expect(
    clippy::float_cmp,
    reason = "the meridian and the poles themselves have several names, their neighbours have one"
)]

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;

use geo::{Coord, CoordsIter, Geometry, Point};
use rayon::prelude::*;

use super::boundary::{Boundary, Match};
use super::grid::Grid;
use super::meridian::within_turn;
use super::nearest;
use super::outlines::{Outlines, index_u32};
use super::touched;
use super::tree::Tree;

/// Points of a task: enough that handing it out costs nothing.
const TASK: usize = 16_384;

/// An index over one polygon set. Answers depend on the set alone, not on its order.
///
/// ```
/// use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
/// use geo::{MultiPolygon, Point, wkt};
///
/// let square = MultiPolygon::new(vec![wkt!(POLYGON((0. 0.,1. 0.,1. 1.,0. 1.,0. 0.)))]);
/// let county = Boundary { code: "48001".to_owned(), name: None, shape: square };
/// let index = JurisdictionIndex::build(vec![county]);
/// assert_eq!(index.locate(Point::new(1.0, 0.5)).map(|found| found.code), Some("48001"));
/// assert!(index.locate(Point::new(1.1, 0.5)).is_none());
/// ```
pub struct JurisdictionIndex {
    boundaries: usize,
    /// Codes and names, by code.
    names: Vec<(String, Option<String>)>,
    outlines: Outlines,
    grid: Grid,
    tree: Tree,
    /// Ranks that touch the south pole, and the north pole.
    at_poles: [Vec<u32>; 2],
}

impl fmt::Debug for JurisdictionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JurisdictionIndex")
            .field("boundaries", &self.boundaries)
            .finish_non_exhaustive()
    }
}

impl JurisdictionIndex {
    /// Indexes a polygon set, on rayon's current pool.
    pub fn build(boundaries: Vec<Boundary>) -> Self {
        let mut names: Vec<_> = boundaries
            .iter()
            .map(|b| (b.code.clone(), b.name.clone()))
            .collect();
        // Within a code: the lowest name first, none last.
        names.sort_unstable_by(|a, b| (&a.0, a.1.is_none(), &a.1).cmp(&(&b.0, b.1.is_none(), &b.1)));
        names.dedup_by(|later, first| later.0 == first.0);
        let count = boundaries.len();
        let (outlines, runs) = Outlines::build(boundaries, |code| {
            index_u32(names.partition_point(|(other, _)| other.as_str() < code))
        });
        let (grid, tree) = rayon::join(|| Grid::build(&outlines, &runs), || Tree::build(&outlines, &runs));
        Self::assemble(count, names, outlines, grid, tree)
    }

    /// Of parts that are made already.
    pub(super) fn assemble(
        boundaries: usize,
        names: Vec<(String, Option<String>)>,
        outlines: Outlines,
        grid: Grid,
        tree: Tree,
    ) -> Self {
        Self {
            boundaries,
            names,
            at_poles: [-90.0, 90.0].map(|pole| outlines.ranks_at_pole(|latitude| latitude == pole)),
            outlines,
            grid,
            tree,
        }
    }

    /// Bytes of memory that the index takes.
    ///
    /// ```
    /// use cikr::kernel::jurisdiction::JurisdictionIndex;
    ///
    /// assert!(JurisdictionIndex::build(vec![]).memory_bytes() < 1000);
    /// ```
    pub fn memory_bytes(&self) -> usize {
        let texts = self
            .names
            .iter()
            .map(|(code, name)| code.len() + name.as_ref().map_or(0, String::len));
        texts.sum::<usize>()
            + size_of_val(self.names.as_slice())
            + self.outlines.memory_bytes()
            + self.grid.memory_bytes()
            + self.tree.memory_bytes()
    }

    /// Number of boundaries indexed.
    pub fn len(&self) -> usize {
        self.boundaries
    }

    /// Whether there is no boundary.
    pub fn is_empty(&self) -> bool {
        self.boundaries == 0
    }

    /// The jurisdiction that holds a point, its border included; the lowest code where several do.
    ///
    /// Exact on the edges as given, whatever their number. The meridians ±180 are one.
    pub fn locate(&self, point: Point<f64>) -> Option<Match<'_>> {
        self.rank_at(point).map(|rank| self.match_of(rank))
    }

    /// The rank of the jurisdiction that [`Self::locate`] finds, among the codes in order.
    pub fn rank_at(&self, point: Point<f64>) -> Option<u32> {
        if is_inland(point.0) {
            return self.grid.lowest_at(point.0, &self.outlines.places);
        }
        let mut lowest: Option<u32> = None;
        self.visit_holding(point, |rank| {
            lowest = Some(lowest.map_or(rank, |other| other.min(rank)));
            ControlFlow::Continue(())
        });
        lowest
    }

    /// The rank of each point as [`Self::rank_at`] gives it, on rayon's current pool; points may come in any order.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
    /// # use geo::{MultiPolygon, Point, Rect};
    /// let shape = MultiPolygon::new(vec![Rect::new((0.0, 0.0), (1.0, 1.0)).to_polygon()]);
    /// let index = JurisdictionIndex::build(vec![Boundary { code: "48001".to_owned(), name: None, shape }]);
    /// let points = [Point::new(0.5, 0.5), Point::new(1.0, 1.0), Point::new(2.0, 0.5)];
    /// assert_eq!(index.ranks_of(&points), [Some(0), Some(0), None]);
    /// ```
    pub fn ranks_of(&self, points: &[Point<f64>]) -> Vec<Option<u32>> {
        let mut ranks = vec![None; points.len()];
        points
            .par_chunks(TASK)
            .zip(ranks.par_chunks_mut(TASK))
            .for_each(|(points, ranks)| self.fill_ranks(points, ranks));
        ranks
    }

    /// [`Self::ranks_of`] on this thread alone, into a list that is there already.
    ///
    /// # Panics
    /// Where the lists aren't equally long.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::JurisdictionIndex;
    /// # use geo::Point;
    /// let mut ranks = [Some(7)];
    /// JurisdictionIndex::build(vec![]).fill_ranks(&[Point::new(0.5, 0.5)], &mut ranks);
    /// assert_eq!(ranks, [None]);
    /// ```
    pub fn fill_ranks(&self, points: &[Point<f64>], ranks: &mut [Option<u32>]) {
        assert_eq!(points.len(), ranks.len(), "a rank for every point");
        self.grid.fill_lowest(points, &self.outlines.places, ranks);
        for (point, rank) in points.iter().zip(ranks) {
            if !is_inland(point.0) {
                *rank = self.rank_at(*point);
            }
        }
    }

    /// Ranks of all jurisdictions that hold a point, their borders included: rising, each once.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
    /// # use geo::{MultiPolygon, Point, Rect};
    /// let zone = |code: &str, west: f64| Boundary {
    ///     code: code.to_owned(),
    ///     name: None,
    ///     shape: MultiPolygon::new(vec![Rect::new((west, 0.0), (west + 2.0, 1.0)).to_polygon()]),
    /// };
    /// let index = JurisdictionIndex::build(vec![zone("A", 0.0), zone("B", 1.0)]);
    /// assert_eq!(index.ranks_holding(Point::new(1.5, 0.5)), [0, 1]);
    /// assert_eq!(index.ranks_holding(Point::new(2.5, 0.5)), [1]);
    /// ```
    pub fn ranks_holding(&self, point: Point<f64>) -> Vec<u32> {
        let mut ranks = Vec::new();
        self.append_ranks_holding(point, &mut ranks);
        ranks
    }

    /// [`Self::ranks_holding`], put behind what a list already has.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::JurisdictionIndex;
    /// # use geo::Point;
    /// let mut ranks = vec![7];
    /// JurisdictionIndex::build(vec![]).append_ranks_holding(Point::new(0.5, 0.5), &mut ranks);
    /// assert_eq!(ranks, [7]);
    /// ```
    pub fn append_ranks_holding(&self, point: Point<f64>, ranks: &mut Vec<u32>) {
        let before = ranks.len();
        self.visit_holding(point, |rank| {
            ranks.push(rank);
            ControlFlow::Continue(())
        });
        let mut own = ranks.split_off(before);
        own.sort_unstable();
        own.dedup();
        ranks.append(&mut own);
    }

    /// Whether several codes hold a point: it lies on a border, or polygons overlap there.
    ///
    /// ```
    /// use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
    /// use geo::{Point, Rect};
    ///
    /// let squares = [0.0, 1.0].map(|west| Boundary {
    ///     code: west.to_string(),
    ///     name: None,
    ///     shape: Rect::new((west, 0.0), (west + 1.0, 1.0)).to_polygon().into(),
    /// });
    /// let index = JurisdictionIndex::build(squares.to_vec());
    /// assert!(index.is_tied(Point::new(1.0, 0.5)));
    /// assert!(!index.is_tied(Point::new(0.5, 0.5)) && !index.is_tied(Point::new(9.0, 9.0)));
    /// ```
    pub fn is_tied(&self, point: Point<f64>) -> bool {
        let mut first = None;
        let mut is_tied = false;
        self.visit_holding(point, |rank| {
            is_tied = *first.get_or_insert(rank) != rank;
            if is_tied {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        is_tied
    }

    /// Shows the ranks of all polygons that hold a point, some of them several times.
    pub(super) fn visit_holding(&self, point: Point<f64>, mut visit: impl FnMut(u32) -> ControlFlow<()>) {
        let Coord { x, y } = point.0;
        let places = &self.outlines.places;
        let x = within_turn(x);
        self.grid.visit_at(Coord { x, y }, places, &mut visit);
        // What lies on the meridian itself may be in a polygon of either side, and is written either way.
        if x.abs() == 180.0 {
            self.grid.visit_at(Coord { x: -x, y }, places, &mut visit);
        }
        if y.abs() == 90.0 {
            for rank in &self.at_poles[usize::from(y > 0.0)] {
                let _ = visit(*rank);
            }
        }
    }

    /// Codes and names in the order of the codes: a rank is a place in this list.
    pub fn names(&self) -> impl ExactSizeIterator<Item = Match<'_>> {
        self.names.iter().map(|(code, name)| Match {
            code,
            name: name.as_deref(),
        })
    }

    /// The jurisdiction nearest to a point and its distance, if within `max_m` metres.
    ///
    /// Distances are geodesic (WGS 84), to the nearest place of the nearest edge, 0 inside; the lowest code where
    /// several are equally near. Edges are straight in longitude and latitude; distances are within one part in a
    /// million, also near poles and across ±180. Meant for `max_m` up to 200 km: more costs time, not truth.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
    /// # use geo::{MultiPolygon, Point, wkt};
    /// # let shape = MultiPolygon::new(vec![wkt!(POLYGON((0. -1.,1. -1.,1. 0.,0. 0.,0. -1.)))]);
    /// let index = JurisdictionIndex::build(vec![Boundary { code: "48001".to_owned(), name: None, shape }]);
    /// let (found, metres) = index.nearest(Point::new(0.5, 0.1), 20_000.0).expect("11 km to the north");
    /// assert_eq!((found.code, metres.round()), ("48001", 11_057.0));
    /// assert_eq!(index.nearest(Point::new(0.5, 0.1), 10_000.0), None);
    /// ```
    pub fn nearest(&self, point: Point<f64>, max_m: f64) -> Option<(Match<'_>, f64)> {
        if let Some(found) = self.locate(point) {
            return Some((found, 0.0));
        }
        self.nearest_rank(point, max_m)
            .map(|(rank, metres)| (self.match_of(rank), metres))
    }

    /// The rank and distance of the jurisdiction nearest to a point outside every one; see [`Self::nearest`].
    pub fn nearest_rank(&self, point: Point<f64>, max_m: f64) -> Option<(u32, f64)> {
        nearest::nearest_owner(point, max_m, &self.outlines, &self.tree)
    }

    /// Whether a code is among them.
    ///
    /// ```
    /// use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
    /// use geo::MultiPolygon;
    ///
    /// let nowhere = Boundary { code: "60".to_owned(), name: None, shape: MultiPolygon::new(vec![]) };
    /// let index = JurisdictionIndex::build(vec![nowhere]);
    /// assert!(index.has_code("60") && !index.has_code("66"));
    /// ```
    pub fn has_code(&self, code: &str) -> bool {
        self.names
            .binary_search_by(|(other, _)| other.as_str().cmp(code))
            .is_ok()
    }

    /// Ranks of the jurisdictions that share a point with a geometry, their borders included.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
    /// # use geo::{Geometry, MultiPolygon, wkt};
    /// # let square = |code: &str, west: f64| Boundary {
    /// #     code: code.to_owned(),
    /// #     name: None,
    /// #     shape: MultiPolygon::new(vec![geo::Rect::new((west, 0.0), (west + 1.0, 1.0)).to_polygon()]),
    /// # };
    /// let index = JurisdictionIndex::build(vec![square("A", 0.0), square("B", 2.0), square("C", 4.0)]);
    /// let pipeline = Geometry::LineString(wkt!(LINESTRING(0.5 0.5,2. 0.5)));
    /// assert!(index.ranks_touching(&pipeline).into_iter().eq([0, 1]), "A, and the border of B");
    /// ```
    pub fn ranks_touching(&self, geometry: &Geometry<f64>) -> BTreeSet<u32> {
        // Cheapest first: most lines and surfaces have a vertex in what they touch.
        let mut ranks = BTreeSet::new();
        for vertex in geometry.coords_iter() {
            self.visit_holding(Point(vertex), |rank| {
                ranks.insert(rank);
                ControlFlow::Continue(())
            });
        }
        touched::add_touching(&self.outlines, &self.tree, geometry, &mut ranks);
        ranks
    }

    /// Code and name of a rank.
    pub(in super::super) fn match_of(&self, rank: u32) -> Match<'_> {
        let (code, name) = &self.names[rank as usize];
        Match {
            code,
            name: name.as_deref(),
        }
    }

    pub(super) fn outlines(&self) -> &Outlines {
        &self.outlines
    }

    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    pub(super) fn all_names(&self) -> &Vec<(String, Option<String>)> {
        &self.names
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }
}

/// Whether a point is off the meridian ±180 and off the poles, where a place has one longitude only.
#[inline]
pub(super) fn is_inland(p: Coord<f64>) -> bool {
    p.x.abs() < 180.0 && p.y.abs() < 90.0
}
