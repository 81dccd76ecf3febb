//! A tile made by itself, of rows that an answer has: by the same rules as those of an archive, and to the byte as they are.

use super::VectorTilesError;
use super::feature_bytes::{FeatureShape, TileFeature};
use super::layer_encoder::LayerEncoder;
use super::layer_tiles::{CELL_ZOOMS, Family, TileLayer, one_to_a_cell};
use super::rows::{MappedRow, each_row};
use super::shape_tiles::{self, ZoomView, each_feature};
use super::sorted_records::SortKey;
use super::thinned_points::PointRecord;
use super::tile_id::TileId;
use super::tile_pieces::TileRange;
use crate::feature::FacilityRows;

/// Makes a tile (Mapbox Vector Tile 2.1, not compressed) of all rows that are within its box; empty where none is.
///
/// Rows beyond the box do no harm. The rows must have `geometry`, the column of ids, and those of
/// [`MapColumns::names_at`](super::MapColumns::names_at) that are to be attributes.
///
/// # Errors
/// When they lack one of the two, or a geometry can't be understood.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
/// use cikr::feature::FacilityRows;
/// use cikr::vector_tiles::{Family, MapColumns, TileId, TileLayer, encode_tile};
///
/// let wkb = [&[1, 1, 0, 0, 0][..], &(-98.5_f64).to_le_bytes(), &31.0_f64.to_le_bytes()].concat();
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["dams:TX00001"]));
/// let geometry: ArrayRef = Arc::new(BinaryArray::from_vec(vec![&wkb]));
/// let rows = RecordBatch::try_from_iter([("facility_id", ids), ("geometry", geometry)])?;
/// let columns = MapColumns::of_schema(rows.schema_ref(), &[]);
/// let layer = TileLayer::new("dams", columns, "facility_id", Family::Points);
/// let rows = [FacilityRows::try_new(rows)?];
/// let west = encode_tile(&layer, TileId::new(1, 0, 0).unwrap(), &rows)?;
/// let east = encode_tile(&layer, TileId::new(1, 1, 0).unwrap(), &rows)?;
/// assert!(!west.is_empty() && east.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode_tile(
    layer: &TileLayer,
    tile: TileId,
    rows: &[FacilityRows],
) -> Result<Vec<u8>, VectorTilesError> {
    let mut gathered = Gathered::default();
    for rows in rows {
        each_row(layer, rows.as_batch(), &mut |row| {
            gathered.push_row(layer, tile, &row)
        })?;
    }
    let mut features = gathered.features();
    if layer.family() == Family::Points && tile.zoom() < layer.deepest() {
        features = one_to_a_cell(features, tile.zoom() + CELL_ZOOMS);
    }
    let mut out = Vec::new();
    if !features.is_empty() {
        layer.encode(&mut LayerEncoder::default(), tile.zoom(), features, &mut out);
    }
    Ok(out)
}

/// Features of a tile, in any order so far.
#[derive(Debug, Default)]
struct Gathered {
    bytes: Vec<u8>,
    /// What each is sorted by, and where its bytes begin.
    places: Vec<(SortKey, usize)>,
}

impl Gathered {
    fn push_row(
        &mut self,
        layer: &TileLayer,
        tile: TileId,
        row: &MappedRow<'_>,
    ) -> Result<(), VectorTilesError> {
        let view = ZoomView {
            zoom: tile.zoom(),
            is_deepest: tile.zoom() == layer.deepest(),
            tiles: TileRange::of_tile(tile),
        };
        each_feature(row, &view, &mut |of, feature| {
            if of == tile {
                let key = match feature.shape {
                    FeatureShape::Point(place) if layer.family() == Family::Points => {
                        PointRecord::sort_key(place, row.digest)
                    }
                    _ => shape_tiles::sort_key(tile, row.digest),
                };
                self.places.push((key, self.bytes.len()));
                feature.push_to(&mut self.bytes);
            }
            Ok(())
        })
    }

    /// Those of an archive come in the same order.
    fn features(&mut self) -> Vec<TileFeature<'_>> {
        self.places.sort_unstable();
        let places = self.places.iter();
        places
            .filter_map(|(_, start)| TileFeature::take(&mut &self.bytes[*start..]))
            .collect()
    }
}
