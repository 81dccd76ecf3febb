//! The polygons of a set as surfaces, and which of them overlap.
//!
//! Made when they are first asked for: whoever only locates points pays for the vertices alone.

use std::fmt;
use std::sync::OnceLock;

use geo::Polygon;
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::bounds::Bounds;
use super::outline::surface_of_polygon;
use super::surface::Surface;
use super::within::common_area;
use crate::kernel::jurisdiction::Boundary;

/// Two polygons overlap if they share more than this part of what their boxes share; less is rounding.
const ROUNDING: f64 = 1e-13;

/// The polygons of a set as surfaces, among which lines and areas are shared out. Ranks are those of a
/// [`JurisdictionIndex`](super::super::JurisdictionIndex) of the same set.
///
/// Takes 16 bytes a vertex from the start and some 40 more once shares have been asked for.
///
/// ```
/// use cikr::kernel::jurisdiction::{Boundary, ShareRule, SurfaceIndex};
/// use geo::{Geometry, MultiPolygon, wkt};
///
/// let square = |code: &str, west: f64| Boundary {
///     code: code.to_owned(),
///     name: None,
///     shape: MultiPolygon::new(vec![geo::Rect::new((west, 0.0), (west + 1.0, 1.0)).to_polygon()]),
/// };
/// let surfaces = SurfaceIndex::build(&[square("A", 0.0), square("B", 1.0)]);
/// let pipeline = Geometry::LineString(wkt!(LINESTRING(0.25 0.0,2.25 0.0)));
/// let shares = surfaces.shares_of(&pipeline, ShareRule::default());
/// let told = shares.parts.iter().map(|part| (part.rank, (part.share * 1000.0).round()));
/// assert!(told.eq([(1, 500.0), (0, 375.0)]));
/// assert!((shares.outside - 27_829.9).abs() < 0.1, "an eighth of it, in metres");
/// ```
pub struct SurfaceIndex {
    /// Polygons and the ranks of their codes.
    shapes: Vec<(u32, Polygon<f64>)>,
    faces: OnceLock<Faces>,
}

impl fmt::Debug for SurfaceIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SurfaceIndex")
            .field("polygons", &self.shapes.len())
            .finish_non_exhaustive()
    }
}

impl SurfaceIndex {
    /// Keeps the polygons of a set, in any order.
    ///
    /// # Panics
    /// Where a set has 2^32 codes or more.
    pub fn build(boundaries: &[Boundary]) -> Self {
        let mut codes: Vec<&str> = boundaries.iter().map(|boundary| boundary.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        let mut shapes = Vec::with_capacity(boundaries.len());
        for boundary in boundaries {
            let rank = codes.partition_point(|code| *code < boundary.code.as_str());
            let rank = u32::try_from(rank).expect("a set has less than 2^32 codes");
            shapes.extend(boundary.shape.iter().map(|polygon| (rank, polygon.clone())));
        }
        Self {
            shapes,
            faces: OnceLock::new(),
        }
    }

    /// Makes ready what [`Self::shares_of`] needs, on rayon's current pool: worth it before many threads ask, of which the
    /// first would keep the others waiting.
    pub fn prepare(&self) {
        // Not within `get_or_init`: a thread of the pool that waits there for others takes up other work, which may
        // ask for the same.
        if self.faces.get().is_none() {
            let faces = Faces::of_surfaces(self.shapes.par_iter().map(face_of).collect());
            self.faces.get_or_init(|| faces);
        }
    }

    /// The polygons as surfaces, made now if they haven't been.
    pub(super) fn faces(&self) -> &Faces {
        self.faces
            .get_or_init(|| Faces::of_surfaces(self.shapes.iter().map(face_of).collect()))
    }

    /// Ranks of the jurisdictions with a polygon whose own rings cross too often to be sorted out: nothing has a share in it.
    pub fn tangled(&self) -> &[u32] {
        &self.faces().tangled
    }
}

/// A polygon of a jurisdiction.
pub(super) struct Face {
    /// Rank of its code.
    pub(super) owner: u32,
    pub(super) surface: Surface,
    /// The polygons that share an area with it, in order; looked for when a surface first comes near.
    overlaps: OnceLock<Vec<u32>>,
}

/// Polygons by the rank of their code.
pub(super) struct Faces {
    all: Vec<Face>,
    /// Ranks of those that have no surface.
    tangled: Vec<u32>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
}

impl Faces {
    fn of_surfaces(surfaces: Vec<Result<Option<Face>, Tangled>>) -> Self {
        let mut faces = Vec::with_capacity(surfaces.len());
        let mut tangled = Vec::new();
        for surface in surfaces {
            match surface {
                Ok(face) => faces.extend(face),
                Err(Tangled { owner }) => tangled.push(owner),
            }
        }
        tangled.sort_unstable();
        tangled.dedup();
        Self::new(faces, tangled)
    }

    fn new(mut faces: Vec<Face>, tangled: Vec<u32>) -> Self {
        // By owner, as the lowest counts; then by place, so that sums don't depend on the order of the set.
        faces.sort_by(|a, b| {
            let corners = [a, b].map(|face| {
                let Bounds {
                    west,
                    south,
                    east,
                    north,
                } = face.surface.bounds();
                [west, south, east, north]
            });
            let by_place = corners[0].iter().zip(corners[1]).map(|(a, b)| a.total_cmp(&b));
            let first_other = by_place.into_iter().find(|order| order.is_ne());
            a.owner
                .cmp(&b.owner)
                .then(first_other.unwrap_or(std::cmp::Ordering::Equal))
        });
        let boxes = faces.iter().zip(0u32..).map(|(face, at)| {
            let bounds = face.surface.bounds();
            let corners = Rectangle::from_corners([bounds.west, bounds.south], [bounds.east, bounds.north]);
            GeomWithData::new(corners, at)
        });
        let tree = RTree::bulk_load(boxes.collect());
        Self {
            all: faces,
            tangled,
            tree,
        }
    }

    pub(super) fn get(&self, face: u32) -> &Face {
        &self.all[face as usize]
    }

    /// The polygons whose boxes meet a box, in order.
    pub(super) fn meeting(&self, bounds: &Bounds) -> Vec<u32> {
        if bounds.west > bounds.east {
            return Vec::new();
        }
        let envelope = AABB::from_corners([bounds.west, bounds.south], [bounds.east, bounds.north]);
        let mut meeting: Vec<u32> = self
            .tree
            .locate_in_envelope_intersecting(&envelope)
            .map(|candidate| candidate.data)
            .collect();
        meeting.sort_unstable();
        meeting
    }

    /// The polygons that share an area with one, in order.
    pub(super) fn overlapping(&self, face: u32) -> &[u32] {
        let own = self.get(face);
        own.overlaps.get_or_init(|| {
            let mut others = self.meeting(&own.surface.bounds());
            others.retain(|&other| other != face && self.share_an_area(face.min(other), face.max(other)));
            others
        })
    }

    /// Whether two polygons overlap; the earlier one first, so that both are told the same.
    fn share_an_area(&self, earlier: u32, later: u32) -> bool {
        let surfaces = [earlier, later].map(|face| &self.get(face).surface);
        let both = surfaces[0].bounds().shared(&surfaces[1].bounds());
        common_area(surfaces[0], surfaces[1]) > ROUNDING * both.rough_area()
    }
}

/// A polygon without a surface, by the rank of its code.
struct Tangled {
    owner: u32,
}

/// A polygon as a face; none where it has no area.
fn face_of((owner, polygon): &(u32, Polygon<f64>)) -> Result<Option<Face>, Tangled> {
    let surface = surface_of_polygon(polygon).ok_or(Tangled { owner: *owner })?;
    let has_area = surface.tree().root().is_some();
    Ok(has_area.then(|| Face {
        owner: *owner,
        surface,
        overlaps: OnceLock::new(),
    }))
}
