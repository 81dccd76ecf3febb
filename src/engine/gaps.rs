//! Where the polygons of a set that can't be used may be.
//!
//! Pure. A row there that no polygon holds may lie in one of them, so that none is nearest to it.

use std::collections::BTreeMap;

use arrow_array::{Array, BinaryArray};
use geo::{BoundingRect, Coord, CoordsIter, Geometry, Intersects, MultiPoint, Point, Rect};
use serde::{Deserialize, Serialize};

use crate::feature::Reproject;
use crate::kernel::geometry;
use crate::kernel::jurisdiction::Boundary;
use crate::kernel::locate::Gap;
use crate::plan::JurisdictionPlan;

/// Metres of a degree of latitude; of longitude, a degree has less.
const DEGREE_M: f64 = 110_500.0;

/// One part in so many of a set's polygons may have their centres in the box of one that can't be used, and one of them in
/// any case. A box with more is a frame around others, and says of no place that a polygon is missing there.
const FRAME: usize = 10;

/// Everywhere, in degrees.
fn whole_world() -> Rect<f64> {
    Rect::new(Coord { x: -180.0, y: -90.0 }, Coord { x: 180.0, y: 90.0 })
}

/// Where an item that can't be used may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenPlace", into = "WrittenPlace")]
pub(super) enum Whereabouts {
    /// It is no area: points, lines, nothing at all.
    Nowhere,
    /// In this box, degrees.
    Within(Rect<f64>),
    /// Its geometry doesn't tell.
    Unknown,
}

/// The same as it is kept: west, south, east and north, since a box has no spelling of its own.
#[derive(Serialize, Deserialize)]
enum WrittenPlace {
    Nowhere,
    Within([f64; 4]),
    Unknown,
}

impl From<Whereabouts> for WrittenPlace {
    fn from(place: Whereabouts) -> Self {
        match place {
            Whereabouts::Nowhere => Self::Nowhere,
            Whereabouts::Within(bounds) => {
                let south_west = bounds.min();
                let north_east = bounds.max();
                Self::Within([south_west.x, south_west.y, north_east.x, north_east.y])
            }
            Whereabouts::Unknown => Self::Unknown,
        }
    }
}

impl From<WrittenPlace> for Whereabouts {
    fn from(place: WrittenPlace) -> Self {
        match place {
            WrittenPlace::Nowhere => Self::Nowhere,
            WrittenPlace::Within([west, south, east, north]) => {
                Self::Within(Rect::new((west, south), (east, north)))
            }
            WrittenPlace::Unknown => Self::Unknown,
        }
    }
}

/// Where the item of a row may be: by those of its coordinates that are numbers, in degrees once transformed.
pub(super) fn polygon_whereabouts(
    column: &BinaryArray,
    row: usize,
    transform: Option<&dyn Reproject>,
) -> Whereabouts {
    if column.is_null(row) {
        return Whereabouts::Unknown;
    }
    let wkb = column.value(row);
    let mut shapes = match geometry::decode(wkb) {
        Ok(shape) if is_area(&shape) => vec![Some(shape)],
        Ok(shape) if shape.coords_count() > 0 => return Whereabouts::Nowhere,
        // A collection's polygons are taken out of it where it has any.
        Err(_) if geometry::is_collection(wkb) => return Whereabouts::Nowhere,
        _ => return Whereabouts::Unknown,
    };
    if let Some(transform) = transform {
        geometry::reproject(&mut shapes, transform);
    }
    // A polygon with one coordinate that is no number is still where its others are.
    let vertices: MultiPoint<f64> = shapes
        .iter()
        .flatten()
        .flat_map(CoordsIter::coords_iter)
        .filter(|c| c.x.is_finite() && c.y.is_finite())
        .map(Point::from)
        .collect();
    vertices
        .bounding_rect()
        .map_or(Whereabouts::Unknown, Whereabouts::Within)
}

/// Whether a geometry is meant to be an area: a polygon however bad, or a line that ends where it begins.
fn is_area(shape: &Geometry<f64>) -> bool {
    match shape {
        Geometry::Polygon(_) | Geometry::MultiPolygon(_) => shape.coords_count() > 0,
        Geometry::LineString(line) => line.0.len() > 3 && line.is_closed(),
        Geometry::MultiLineString(lines) => lines.iter().all(|line| line.0.len() > 3 && line.is_closed()),
        _ => false,
    }
}

/// Boxes around what belongs to a state, by its FIPS code: polygons whose codes begin with it.
pub(super) fn boxes_by_state(boundaries: &[Boundary]) -> BTreeMap<String, Rect<f64>> {
    let mut boxes: BTreeMap<String, Rect<f64>> = BTreeMap::new();
    for boundary in boundaries {
        let Some(state) = boundary.code.get(..2) else {
            continue;
        };
        let Some(bounds) = boundary.shape.bounding_rect() else {
            continue;
        };
        let around = boxes
            .get(state)
            .map_or(bounds, |known| box_around(*known, bounds));
        boxes.insert(state.to_owned(), around);
    }
    boxes
}

fn box_around(one: Rect<f64>, other: Rect<f64>) -> Rect<f64> {
    let south_west = Coord {
        x: one.min().x.min(other.min().x),
        y: one.min().y.min(other.min().y),
    };
    let north_east = Coord {
        x: one.max().x.max(other.max().x),
        y: one.max().y.max(other.max().y),
    };
    Rect::new(south_west, north_east)
}

/// Where an item of a set with this code may be; `states` are boxes around the states by the other sets, as
/// [`boxes_by_state`] has them. None where it can't make any polygon of the set less near.
pub(super) fn gap_of(
    set: &JurisdictionPlan,
    code: Option<&str>,
    place: Whereabouts,
    usable: &[Boundary],
    states: &BTreeMap<String, Rect<f64>>,
) -> Option<Gap> {
    let (code, bounds) = match place {
        Whereabouts::Nowhere => return None,
        Whereabouts::Within(bounds) => {
            return (!is_frame(bounds, usable)).then_some(Gap {
                bounds,
                is_vague: false,
            });
        }
        // A record of nothing is no polygon of the set.
        Whereabouts::Unknown => (code?, whole_world()),
    };
    let of_state = code
        .get(..2)
        .filter(|_| set.kind.begins_with_state)
        .and_then(|state| states.get(state));
    // Places leave most of a state to no place, as states and counties don't.
    let is_everywhere = set.kind.is_state() || set.kind.is_county();
    Some(match of_state {
        Some(state) => Gap {
            bounds: grow_box(*state, set.nearest_m),
            is_vague: !is_everywhere,
        },
        None => Gap {
            bounds,
            is_vague: true,
        },
    })
}

/// A box and what is within so many metres of it.
fn grow_box(bounds: Rect<f64>, metres: f64) -> Rect<f64> {
    let min = bounds.min();
    let max = bounds.max();
    let high = metres / DEGREE_M;
    // Degrees of longitude are shortest nearest to a pole; at the pole itself they have no length to divide by.
    let farthest = (min.y.abs().max(max.y.abs()) + high).min(89.0).to_radians();
    let wide = high / farthest.cos();
    Rect::new(
        Coord {
            x: min.x - wide,
            y: min.y - high,
        },
        Coord {
            x: max.x + wide,
            y: max.y + high,
        },
    )
}

/// Whether a box holds too many of a set's polygons to be that of one of them.
fn is_frame(bounds: Rect<f64>, usable: &[Boundary]) -> bool {
    // By centres, since neighbours' boxes overlap along every border: a box around one county meets those of all that
    // surround it, and holds the centres of hardly any.
    let centres = usable
        .iter()
        .filter_map(|boundary| boundary.shape.bounding_rect())
        .map(Rect::center);
    let held = centres.filter(|centre| bounds.intersects(centre)).count();
    held > 1 && held * FRAME > usable.len()
}
