//! Rows as maps need them: where they are, their digest, and their attributes as bytes.

use arrow_array::cast::AsArray;
use arrow_array::{Array, BinaryArray, RecordBatch};
use geo::Geometry;
use twox_hash::XxHash3_64;

use super::VectorTilesError;
use super::columns::RowAttributes;
use super::layer_tiles::{Family, TileLayer};
use super::mercator::{Place, latitude_of};
use super::shape::Shape;
use crate::feature::{RejectReason, Texts};
use crate::kernel::geometry::{decode, plain_point, representative_point};

/// Name of the column of WKB.
const GEOMETRY: &str = "geometry";

/// Name of the column of markings by the Traffic Light Protocol 2.0, and the marking of what may be disclosed without limit.
const HANDLING: &str = "handling";
const FOR_EVERYBODY: &str = "TLP:CLEAR";

/// A row.
#[derive(Debug)]
pub(super) struct MappedRow<'a> {
    /// Digest of its id: the same whatever night, machine or order.
    pub(super) digest: u64,
    /// Whether its handling is TLP:CLEAR, or nobody says what it is.
    pub(super) is_for_everybody: bool,
    /// Its points; none where it is beyond the square of the world.
    pub(super) places: &'a [PlacedPoint],
    /// Its lines and areas, of a layer that has such.
    pub(super) shapes: &'a [Shape],
    /// Attributes of all zooms.
    pub(super) everywhere: &'a [u8],
    /// Those of the deepest zoom alone.
    pub(super) deepest: &'a [u8],
}

impl MappedRow<'_> {
    /// The box around a box and the row: west, south, east, north in degrees.
    pub(super) fn bounds_around(&self, bounds: Option<[f64; 4]>) -> Option<[f64; 4]> {
        let points = self.places.iter().map(|at| at.degrees);
        let corners = self
            .shapes
            .iter()
            .filter_map(Shape::bounds)
            .flat_map(|[left, top, right, bottom]| {
                [[left, top], [right, bottom]].map(|[x, y]| [x * 360.0 - 180.0, latitude_of(y)])
            });
        points
            .chain(corners)
            .fold(bounds, |bounds, corner| Some(around(bounds, corner)))
    }
}

/// A point on the square of the world.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedPoint {
    pub(super) place: Place,
    /// Longitude and latitude.
    pub(super) degrees: [f64; 2],
}

/// Where rows are, and which they are.
pub(super) struct PlacedRows<'a> {
    geometry: &'a BinaryArray,
    ids: Texts<'a>,
}

impl<'a> PlacedRows<'a> {
    /// # Errors
    /// When the rows lack `geometry` or ids.
    pub(super) fn of_rows(layer: &TileLayer, rows: &'a RecordBatch) -> Result<Self, VectorTilesError> {
        let geometry = rows
            .column_by_name(GEOMETRY)
            .and_then(|column| column.as_binary_opt::<i32>());
        Ok(Self {
            geometry: geometry.ok_or_else(|| no_column(GEOMETRY))?,
            ids: Texts::of_column(rows, layer.id_column()).ok_or_else(|| no_column(layer.id_column()))?,
        })
    }

    pub(super) fn digest(&self, row: usize) -> u64 {
        XxHash3_64::oneshot(self.ids.value(row).unwrap_or_default().as_bytes())
    }

    /// Its place, of a row that is one point of the square.
    pub(super) fn plain_place(&self, row: usize) -> Option<Place> {
        let [longitude, latitude] = plain_point(self.wkb(row)?)?;
        Place::of_degrees(longitude, latitude)
    }

    fn wkb(&self, row: usize) -> Option<&'a [u8]> {
        self.geometry.is_valid(row).then(|| self.geometry.value(row))
    }
}

/// Shows every row.
///
/// # Errors
/// When the rows lack `geometry` or ids, a geometry can't be understood, or `see` fails.
pub(super) fn each_row(
    layer: &TileLayer,
    rows: &RecordBatch,
    see: &mut dyn FnMut(MappedRow<'_>) -> Result<(), VectorTilesError>,
) -> Result<(), VectorTilesError> {
    let located = PlacedRows::of_rows(layer, rows)?;
    let handling = Texts::of_column(rows, HANDLING);
    let mut attributes = RowAttributes::of_rows(layer.columns(), rows);
    let mut everywhere = Vec::new();
    let mut deepest = Vec::new();
    let mut places = Vec::new();
    let mut shapes = Vec::new();
    for row in 0..rows.num_rows() {
        everywhere.clear();
        deepest.clear();
        places.clear();
        shapes.clear();
        attributes.push_everywhere(row, &mut everywhere);
        attributes.push_deepest(row, &mut deepest);
        if let Some(wkb) = located.wkb(row) {
            shapes = place_geometry(wkb, layer.family(), &mut places)?;
        }
        see(MappedRow {
            digest: located.digest(row),
            is_for_everybody: handling
                .and_then(|handling| handling.value(row))
                .is_none_or(|handling| handling == FOR_EVERYBODY),
            places: &places,
            shapes: &shapes,
            everywhere: &everywhere,
            deepest: &deepest,
        })?;
    }
    Ok(())
}

fn no_column(column: &str) -> VectorTilesError {
    VectorTilesError::NoColumn {
        column: column.to_owned(),
    }
}

/// Adds the points of a geometry; gives its lines and areas, or in a layer of points adds what stands for them.
fn place_geometry(
    wkb: &[u8],
    family: Family,
    places: &mut Vec<PlacedPoint>,
) -> Result<Vec<Shape>, VectorTilesError> {
    if let Some(degrees) = plain_point(wkb) {
        push_place(degrees, places);
        return Ok(vec![]);
    }
    let geometry = decode(wkb).map_err(|reason: RejectReason| VectorTilesError::Geometry {
        reason: reason.code(),
    })?;
    let is_drawn = push_points(&geometry, places);
    if is_drawn && family == Family::Points {
        let point = representative_point(&geometry);
        if let Some(point) = point {
            push_place([point.x(), point.y()], places);
        }
        return Ok(vec![]);
    }
    let shapes = Shape::all_of(&geometry);
    if family == Family::Outlines {
        return Ok(shapes.into_iter().map(Shape::outline).collect());
    }
    Ok(shapes)
}

/// Adds the points of a geometry; whether there is more to it than these.
fn push_points(geometry: &Geometry<f64>, places: &mut Vec<PlacedPoint>) -> bool {
    match geometry {
        Geometry::Point(point) => {
            push_place([point.x(), point.y()], places);
            false
        }
        Geometry::MultiPoint(points) => {
            points
                .iter()
                .for_each(|point| push_place([point.x(), point.y()], places));
            false
        }
        Geometry::GeometryCollection(all) => {
            let drawn: Vec<bool> = all.iter().map(|geometry| push_points(geometry, places)).collect();
            drawn.contains(&true)
        }
        _ => true,
    }
}

fn push_place(degrees: [f64; 2], places: &mut Vec<PlacedPoint>) {
    let [longitude, latitude] = degrees;
    places.extend(Place::of_degrees(longitude, latitude).map(|place| PlacedPoint { place, degrees }));
}

/// The box around a box and a point.
pub(super) fn around(bounds: Option<[f64; 4]>, [longitude, latitude]: [f64; 2]) -> [f64; 4] {
    let [west, south, east, north] = bounds.unwrap_or([longitude, latitude, longitude, latitude]);
    [
        west.min(longitude),
        south.min(latitude),
        east.max(longitude),
        north.max(latitude),
    ]
}
