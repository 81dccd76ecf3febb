//! The polygons of a set as surfaces, and which of them overlap.
//!
//! Made when they are first asked for: whoever only locates points pays for the vertices alone.

use std::sync::OnceLock;

use geo::{MultiPolygon, Polygon};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::bounds::Bounds;
use super::outline::surface_on_plane;
use super::surface::Surface;
use super::within::common_area;

/// Two polygons overlap if they share more than this part of what their boxes share; less is rounding.
const ROUNDING: f64 = 1e-13;

/// All that shares are made of.
///
/// Takes 16 bytes a vertex from the start and some 40 more once shares have been asked for.
pub(in super::super) struct Overlay {
    /// Polygons and the ranks of their codes.
    shapes: Vec<(u32, Polygon<f64>)>,
    faces: OnceLock<Faces>,
}

impl Overlay {
    /// Keeps polygons with the ranks of their codes.
    pub(in super::super) fn new(shapes: impl IntoIterator<Item = (u32, MultiPolygon<f64>)>) -> Self {
        let polygons = shapes
            .into_iter()
            .flat_map(|(owner, shape)| shape.into_iter().map(move |polygon| (owner, polygon)));
        Self {
            shapes: polygons.collect(),
            faces: OnceLock::new(),
        }
    }

    /// Makes all that shares need, on rayon's current pool.
    pub(in super::super) fn prepare(&self) {
        // Not within `get_or_init`: a thread of the pool that waits there for others takes up other work, which may
        // ask for the same.
        if self.faces.get().is_none() {
            let faces = Faces::new(self.shapes.par_iter().filter_map(face_of).collect());
            self.faces.get_or_init(|| faces);
        }
    }

    /// The polygons as surfaces, made now if they haven't been.
    pub(super) fn faces(&self) -> &Faces {
        self.faces
            .get_or_init(|| Faces::new(self.shapes.iter().filter_map(face_of).collect()))
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
    faces: Vec<Face>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
}

impl Faces {
    fn new(mut faces: Vec<Face>) -> Self {
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
        Self { faces, tree }
    }

    pub(super) fn get(&self, face: u32) -> &Face {
        &self.faces[face as usize]
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

fn face_of((owner, polygon): &(u32, Polygon<f64>)) -> Option<Face> {
    let surface = surface_on_plane(polygon)?;
    surface.tree().root()?;
    Some(Face {
        owner: *owner,
        surface,
        overlaps: OnceLock::new(),
    })
}
