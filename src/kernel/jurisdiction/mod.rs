//! An index over one polygon set: which polygon holds a point, and which is nearest.
//!
//! *Filter*: a uniform grid says which polygons may hold a point, and which do for certain.
//! *Refine*: an exact test against the polygon's original edges. Measured against an interval tree
//! and an R-tree over polygons, this is the simplest that keeps its speed as vertices grow.
//! Knows codes and shapes; columns, kinds and vintages are `locate`'s.

mod grid;
mod nearest;
mod part;
mod shares;
mod stand_in;
mod touched;

use std::collections::BTreeSet;
use std::fmt;

use geo::{BoundingRect, Geometry, MultiPolygon, Point};
use rayon::prelude::*;

use grid::Grid;
use nearest::Nearby;
use part::Part;
pub use shares::{JurisdictionShare, Overlaps, ShareRule, Shares, measure_of};

/// One polygon of a set, in OGC:CRS84.
#[derive(Debug, Clone)]
pub struct Boundary {
    /// Code of the jurisdiction; several boundaries may share it.
    pub code: String,
    /// Its name.
    pub name: Option<String>,
    /// Its area. What a ring holds is decided part by part by the even-odd rule, so rings may be
    /// unclosed, turn either way, touch or cross themselves; a part with a coordinate that isn't
    /// finite is left out.
    pub shape: MultiPolygon<f64>,
}

/// A jurisdiction found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match<'a> {
    /// Its code.
    pub code: &'a str,
    /// Its name; the lowest where boundaries of one code differ.
    pub name: Option<&'a str>,
}

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
    /// Polygons, by the rank of their code.
    parts: Vec<Part>,
    grid: Grid,
    nearby: Nearby,
    overlay: shares::Overlay,
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
        let shapes = boundaries
            .iter()
            .map(|boundary| (rank_of(&names, &boundary.code), boundary.shape.clone()));
        let overlay = shares::Overlay::new(shapes);
        let mut parts: Vec<Part> = boundaries
            .into_par_iter()
            .flat_map_iter(|boundary| {
                let owner = names.partition_point(|(code, _)| *code < boundary.code);
                boundary
                    .shape
                    .into_iter()
                    .filter_map(move |polygon| Part::new(owner, &polygon))
            })
            .collect();
        // By owner, as the grid and every tie ask for the lowest code; stable, so that no thread decides the order.
        parts.par_sort_by_key(|part| part.owner);
        let grid = Grid::build(&parts);
        let nearby = Nearby::build(&parts);
        Self {
            boundaries: count,
            names,
            parts,
            grid,
            nearby,
            overlay,
        }
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
        let rank = self.grid.locate(point.0, &self.parts);
        if point.x().abs() < 180.0 {
            return rank;
        }
        // What lies on the meridian itself may be in a polygon of either side, and is written either way.
        let other = self.grid.locate(Point::new(-point.x(), point.y()).0, &self.parts);
        [rank, other].into_iter().flatten().min()
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
    /// Distances are geodesic (WGS 84), to the nearest edge, 0 inside; the lowest code where several
    /// are equally near. The nearest point of an edge is looked for in a flat frame around the
    /// point, its longitudes scaled by the cosine of the latitude: good to 0.1 % over 50 km, not
    /// meant for oceans. Edges across ±180 count.
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
        self.nearby.nearest_owner(point, max_m, &self.parts)
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
        let Some(bounds) = geometry.bounding_rect() else {
            return BTreeSet::new();
        };
        let candidates = self
            .nearby
            .parts_meeting(bounds)
            .map(|at| &self.parts[at as usize]);
        candidates
            .filter(|part| touched::shares_a_point(part, geometry))
            .map(|part| part.owner)
            .collect()
    }

    /// Every jurisdiction touched by a line or surface, with its share of the length or area.
    ///
    /// Lengths and areas are those of [`measure_of`]. A line along a border lies in both sides of it, so that with
    /// [`Overlaps::Lowest`] it counts for the lower code; a point on a border likewise. What has no length or area
    /// belongs as a whole to what holds its first vertex, with a measure of 0. What meets a jurisdiction in
    /// points or, being a surface, along its border alone isn't told.
    ///
    /// Polygons of the set are taken as they stand on the plane. The first question makes ready what all need, on
    /// one thread; see [`Self::prepare_shares`].
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex, ShareRule};
    /// # use geo::{Geometry, MultiPolygon, wkt};
    /// # let square = |code: &str, west: f64| Boundary {
    /// #     code: code.to_owned(),
    /// #     name: None,
    /// #     shape: MultiPolygon::new(vec![geo::Rect::new((west, 0.0), (west + 1.0, 1.0)).to_polygon()]),
    /// # };
    /// let index = JurisdictionIndex::build(vec![square("A", 0.0), square("B", 1.0)]);
    /// let pipeline = Geometry::LineString(wkt!(LINESTRING(0.25 0.0,2.25 0.0)));
    /// let shares = index.shares_of(&pipeline, ShareRule::default());
    /// let told = shares.parts.iter().map(|part| (part.rank, (part.share * 1000.0).round()));
    /// assert!(told.eq([(1, 500.0), (0, 375.0)]));
    /// assert!((shares.outside - 27_829.9).abs() < 0.1, "an eighth of it, in metres");
    /// ```
    pub fn shares_of(&self, geometry: &Geometry<f64>, rule: ShareRule) -> Shares {
        shares::shares_of(&self.overlay, geometry, rule)
    }

    /// Makes ready what [`Self::shares_of`] needs, on rayon's current pool.
    ///
    /// Never necessary; worth it before many threads ask for shares, of which the first would keep the others waiting.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::JurisdictionIndex;
    /// let index = JurisdictionIndex::build(vec![]);
    /// index.prepare_shares();
    /// ```
    pub fn prepare_shares(&self) {
        self.overlay.prepare();
    }

    /// Code and name of a rank.
    pub(super) fn match_of(&self, rank: u32) -> Match<'_> {
        let (code, name) = &self.names[rank as usize];
        Match {
            code,
            name: name.as_deref(),
        }
    }
}

/// The rank of a code that is among the names.
fn rank_of(names: &[(String, Option<String>)], code: &str) -> u32 {
    let rank = names.partition_point(|(other, _)| other.as_str() < code);
    u32::try_from(rank).expect("a set has less than 2^32 codes")
}

#[cfg(test)]
mod tests;
