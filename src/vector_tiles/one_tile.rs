//! A tile made by itself, of rows that an answer has: by the same rules as those of an archive, and to the byte as they are.
//!
//! Holds what may be shown, and no row longer than it is looked at.

use super::VectorTilesError;
use super::cell_contest::CellContest;
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

/// A tile in the making: takes all rows within its box, some at a time and in any order, and holds of them no more than is shown.
///
/// Rows beyond the box do no harm. The rows must have `geometry`, the column of ids, and those of
/// [`MapColumns::names_at`](super::MapColumns::names_at) that are to be attributes.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
/// use cikr::feature::FacilityRows;
/// use cikr::vector_tiles::{Family, MapColumns, TileId, TileLayer, TileMaker};
///
/// let wkb = [&[1, 1, 0, 0, 0][..], &(-98.5_f64).to_le_bytes(), &31.0_f64.to_le_bytes()].concat();
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["dams:TX00001"]));
/// let geometry: ArrayRef = Arc::new(BinaryArray::from_vec(vec![&wkb]));
/// let rows = RecordBatch::try_from_iter([("facility_id", ids), ("geometry", geometry)])?;
/// let columns = MapColumns::of_schema(rows.schema_ref(), &[]);
/// let layer = TileLayer::new("dams", columns, "facility_id", Family::Points);
/// let rows = FacilityRows::try_new(rows)?;
/// let [west, east] = [0, 1].map(|x| TileId::new(1, x, 0).unwrap());
/// let mut tile = TileMaker::new(&layer, west);
/// tile.push_rows(&rows)?;
/// assert!(!tile.finish().is_empty());
/// let mut tile = TileMaker::new(&layer, east);
/// tile.push_rows(&rows)?;
/// assert!(tile.finish().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TileMaker<'a> {
    layer: &'a TileLayer,
    tile: TileId,
    gathered: Gathered,
    /// Where points are thinned.
    cells: Option<CellContest>,
}

impl<'a> TileMaker<'a> {
    /// A tile of a layer, of no rows so far.
    pub fn new(layer: &'a TileLayer, tile: TileId) -> Self {
        let is_thinned = layer.family() == Family::Points && tile.zoom() < layer.deepest();
        Self {
            layer,
            tile,
            gathered: Gathered::default(),
            cells: is_thinned.then(|| CellContest::of_tile(tile)),
        }
    }

    /// Takes rows in.
    ///
    /// # Errors
    /// When they lack a column that tiles need, or a geometry can't be understood.
    pub fn push_rows(&mut self, rows: &FacilityRows) -> Result<(), VectorTilesError> {
        let rows = match &mut self.cells {
            // Of a million points in a tile some thousand are shown: the others needn't become features first.
            Some(cells) => &cells.without_losers(self.layer, rows)?,
            None => rows,
        };
        each_row(self.layer, rows.as_batch(), &mut |row| {
            self.gathered.push_row(self.layer, self.tile, &row)
        })
    }

    /// Bytes of the features that are held.
    pub fn held_bytes(&self) -> usize {
        self.gathered.bytes.len()
    }

    /// The tile (Mapbox Vector Tile 2.1, not compressed); empty where nothing is in it.
    pub fn finish(mut self) -> Vec<u8> {
        let mut features = self.gathered.features();
        if self.cells.is_some() {
            features = one_to_a_cell(features, self.tile.zoom() + CELL_ZOOMS);
        }
        let mut out = Vec::new();
        if !features.is_empty() {
            self.layer
                .encode(&mut LayerEncoder::default(), self.tile.zoom(), features, &mut out);
        }
        out
    }
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
