//! Points into tiles: one pass over them in the order of the curve, with one open tile on every zoom.
//!
//! Below the deepest zoom a cell of a tile keeps one point, that with the smallest digest. Cells nest, and so does the
//! order: a cell's points are in a row, and a cell of the zoom above chooses among what its four cells have kept.

use super::VectorTilesError;
use super::feature_bytes::{FeatureShape, TileFeature};
use super::layer_tiles::CELL_ZOOMS;
use super::lots::{Lot, LotSource};
use super::mercator::{CURVE_ZOOM, Place};
use super::protobuf::{short_length, take_bytes, take_u32};
use super::pyramid::DEEPEST;
use super::sorted_records::{RecordMerge, SortKey, SortedRecord};

/// A point with its attributes.
#[derive(Debug, Clone, Copy)]
pub(super) struct PointRecord<'a> {
    pub(super) place: Place,
    /// Attributes of all zooms.
    pub(super) everywhere: &'a [u8],
    /// Those of the deepest zoom alone.
    pub(super) deepest: &'a [u8],
}

impl<'a> PointRecord<'a> {
    /// What it is sorted by.
    pub(super) fn sort_key(place: Place, digest: u64) -> SortKey {
        SortKey {
            key: place.on_curve(),
            tie: digest,
        }
    }

    /// Adds its bytes.
    pub(super) fn push_to(&self, out: &mut Vec<u8>) {
        out.extend(self.place.x.to_le_bytes());
        out.extend(self.place.y.to_le_bytes());
        out.extend(short_length(self.everywhere).to_le_bytes());
        out.extend_from_slice(self.everywhere);
        out.extend_from_slice(self.deepest);
    }

    fn of_bytes(mut bytes: &'a [u8]) -> Option<Self> {
        let x = take_u32(&mut bytes)?;
        let y = take_u32(&mut bytes)?;
        let everywhere = take_u32(&mut bytes)? as usize;
        Some(Self {
            place: Place { x, y },
            everywhere: take_bytes(&mut bytes, everywhere)?,
            deepest: bytes,
        })
    }
}

/// The tiles of points that come in order.
pub(super) struct PointTiles {
    points: RecordMerge,
    thinning: Thinning,
    is_done: bool,
}

impl PointTiles {
    pub(super) fn new(points: RecordMerge) -> Self {
        Self {
            points,
            thinning: Thinning::default(),
            is_done: false,
        }
    }
}

impl LotSource for PointTiles {
    fn fill(&mut self, lot: &mut Lot) -> Result<bool, VectorTilesError> {
        while !lot.is_full() && !self.is_done {
            if let Some(record) = self.points.next_record().map_err(VectorTilesError::scratch)? {
                self.thinning.take(&record, lot);
            } else {
                self.thinning.finish(lot);
                self.is_done = true;
            }
        }
        Ok(!self.is_done)
    }
}

/// Open tiles and cells of all zooms.
#[derive(Debug)]
struct Thinning {
    /// By zoom.
    tiles: Vec<OpenTile>,
    /// By zoom, of all but the deepest.
    cells: Vec<OpenCell>,
    /// A point for the deepest zoom, with all its attributes.
    whole: Vec<u8>,
}

#[derive(Debug, Default)]
struct OpenTile {
    place: u64,
    features: Vec<u8>,
}

#[derive(Debug, Default)]
struct OpenCell {
    /// The point it keeps so far; none before the first.
    kept: Option<KeptPoint>,
    /// That point as a feature.
    feature: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct KeptPoint {
    /// On the curve.
    key: u64,
    digest: u64,
}

impl Default for Thinning {
    fn default() -> Self {
        let zooms = usize::from(DEEPEST);
        Self {
            tiles: (0..=zooms).map(|_| OpenTile::default()).collect(),
            cells: (0..zooms).map(|_| OpenCell::default()).collect(),
            whole: vec![],
        }
    }
}

impl Thinning {
    fn take(&mut self, record: &SortedRecord, lot: &mut Lot) {
        let Some(point) = PointRecord::of_bytes(&record.bytes) else {
            return;
        };
        let SortKey { key, tie: digest } = record.key;
        self.whole.clear();
        self.whole.extend_from_slice(point.everywhere);
        self.whole.extend_from_slice(point.deepest);
        let tile = &mut self.tiles[usize::from(DEEPEST)];
        tile.turn_to(DEEPEST, key, lot);
        let shape = FeatureShape::Point(point.place);
        let with_all = TileFeature {
            digest,
            shape,
            attributes: &self.whole,
        };
        with_all.push_to(&mut tile.features);
        let candidate = KeptPoint { key, digest };
        if self.begin_cell(DEEPEST - 1, candidate, lot) {
            let cell = &mut self.cells[usize::from(DEEPEST - 1)];
            cell.feature.clear();
            let feature = TileFeature {
                digest,
                shape,
                attributes: point.everywhere,
            };
            feature.push_to(&mut cell.feature);
        }
    }

    /// Turns to the cell of a point, and has it keep the point if that is better than what it has; whether it is.
    fn begin_cell(&mut self, zoom: u8, candidate: KeptPoint, lot: &mut Lot) -> bool {
        let cell_of = |point: KeptPoint| point.key >> (2 * (CURVE_ZOOM - zoom - CELL_ZOOMS));
        let kept = self.cells[usize::from(zoom)].kept;
        if kept.is_some_and(|kept| cell_of(kept) != cell_of(candidate)) {
            self.settle_cell(zoom, lot);
        }
        let kept = &mut self.cells[usize::from(zoom)].kept;
        let is_better = kept.is_none_or(|kept| candidate.digest < kept.digest);
        if is_better {
            *kept = Some(candidate);
        }
        is_better
    }

    /// Puts what a cell has kept into its tile, and hands it to the cell of the zoom above.
    fn settle_cell(&mut self, zoom: u8, lot: &mut Lot) {
        let at = usize::from(zoom);
        let Some(kept) = self.cells[at].kept.take() else {
            return;
        };
        self.tiles[at].turn_to(zoom, kept.key, lot);
        self.tiles[at].features.extend_from_slice(&self.cells[at].feature);
        if zoom > 0 && self.begin_cell(zoom - 1, kept, lot) {
            let (above, here) = self.cells.split_at_mut(at);
            above[at - 1].feature.clone_from(&here[0].feature);
        }
    }

    fn finish(&mut self, lot: &mut Lot) {
        for zoom in (0..DEEPEST).rev() {
            self.settle_cell(zoom, lot);
        }
        for (tile, zoom) in self.tiles.iter_mut().zip(0..) {
            tile.close(zoom, lot);
        }
    }
}

impl OpenTile {
    /// Closes the tile where a point is in another.
    fn turn_to(&mut self, zoom: u8, key: u64, lot: &mut Lot) {
        let place = key >> (2 * (CURVE_ZOOM - zoom));
        if place != self.place {
            self.close(zoom, lot);
            self.place = place;
        }
    }

    fn close(&mut self, zoom: u8, lot: &mut Lot) {
        if !self.features.is_empty() {
            lot.push(zoom, self.place, &self.features);
            self.features.clear();
        }
    }
}
