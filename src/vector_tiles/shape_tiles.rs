//! Lines and areas into tiles: the pieces of each row on all zooms, and the tiles of pieces that are in order.

use super::VectorTilesError;
use super::commands::Pen;
use super::feature_bytes::{DrawnKind, FeatureShape, TileFeature};
use super::lots::{Lot, LotSource};
use super::mercator::Place;
use super::pyramid::EXTENT;
use super::rows::MappedRow;
use super::shape::{Shape, Vertex};
use super::sorted_records::{RecordMerge, SortKey};
use super::tile_id::TileId;
use super::tile_pieces::{Piece, TileRange, each_piece, filled_ring};

/// Bits of a place on the curve of any zoom.
const PLACE_BITS: u32 = 58;

/// Takes a feature of a tile.
pub(super) type SeeFeature<'a> = dyn FnMut(TileId, &TileFeature<'_>) -> Result<(), VectorTilesError> + 'a;

/// What is to be shown of rows.
#[derive(Debug, Clone)]
pub(super) struct ZoomView {
    pub(super) zoom: u8,
    /// Whether nothing is left out, and all attributes are there.
    pub(super) is_deepest: bool,
    pub(super) tiles: TileRange,
}

/// Shows what tiles of a zoom have of a row: its pieces, and its points in the one tile that each is in, which may be another.
pub(super) fn each_feature(
    row: &MappedRow<'_>,
    view: &ZoomView,
    see: &mut SeeFeature<'_>,
) -> Result<(), VectorTilesError> {
    let all;
    let attributes = if view.is_deepest {
        all = [row.everywhere, row.deepest].concat();
        &all
    } else {
        row.everywhere
    };
    for at in row.places {
        let (x, y) = at.place.cell(view.zoom);
        if let Some(tile) = TileId::new(view.zoom, x, y) {
            let feature = TileFeature {
                digest: row.digest,
                shape: FeatureShape::Point(at.place),
                attributes,
            };
            see(tile, &feature)?;
        }
    }
    let filled = filled_tile();
    for shape in row.shapes {
        let shown = shape.at_zoom(view.zoom, view.is_deepest);
        let mut pieces = ShownPieces {
            digest: row.digest,
            kind: shape.kind,
            size: size_in_units(&shown),
            attributes,
            failed: None,
        };
        let is_gone = view.is_deepest && is_rounded_away(&shown);
        if let Some(vertex) = first_vertex(&shown).filter(|_| is_gone) {
            pieces.show_smallest(vertex, view.zoom, see);
        } else {
            each_piece(shown, view.zoom, &view.tiles, &mut |x, y, piece| {
                let mut pen = Pen::in_tile(x, y);
                let pen = match piece {
                    Piece::Part(part) => {
                        pen.draw(part);
                        &pen
                    }
                    Piece::Filled => &filled,
                };
                pieces.show(TileId::new(view.zoom, x, y), pen, see);
            });
        }
        pieces.failed.map_or(Ok(()), Err)?;
    }
    Ok(())
}

/// What is drawn of an area in a tile that it fills.
fn filled_tile() -> Pen {
    let mut pen = Pen::in_tile(0, 0);
    pen.draw(&Shape {
        kind: DrawnKind::Areas,
        parts: vec![vec![filled_ring()]],
    });
    pen
}

/// Whether nothing of a shape would be drawn, in whichever tile.
fn is_rounded_away(shape: &Shape) -> bool {
    let mut pen = Pen::in_tile(0, 0);
    pen.draw(shape);
    pen.commands().is_empty()
}

fn first_vertex(shape: &Shape) -> Option<Vertex> {
    shape.parts.first()?.first()?.first().copied()
}

/// What the pieces of one shape have in common.
struct ShownPieces<'a> {
    digest: u64,
    kind: DrawnKind,
    size: u32,
    attributes: &'a [u8],
    failed: Option<VectorTilesError>,
}

impl ShownPieces<'_> {
    fn show(&mut self, tile: Option<TileId>, pen: &Pen, see: &mut SeeFeature<'_>) {
        let Some(tile) = tile.filter(|_| !pen.commands().is_empty() && self.failed.is_none()) else {
            return;
        };
        let feature = TileFeature {
            digest: self.digest,
            shape: FeatureShape::Drawn {
                kind: self.kind,
                size: self.size,
                commands: pen.commands(),
            },
            attributes: self.attributes,
        };
        self.failed = see(tile, &feature).err();
    }

    /// The smallest thing in place of a shape that has been rounded away, where its first vertex is.
    fn show_smallest(&mut self, vertex: Vertex, zoom: u8, see: &mut SeeFeature<'_>) {
        let units = f64::from(EXTENT) * f64::from(1_u32 << zoom);
        let (x, y) = Place::of_shares(vertex[0] / units, vertex[1] / units).cell(zoom);
        let mut pen = Pen::in_tile(x, y);
        pen.draw_smallest(self.kind, vertex);
        self.show(TileId::new(zoom, x, y), &pen, see);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the world is 2^26 units wide at the deepest zoom"
)]
fn size_in_units(shape: &Shape) -> u32 {
    shape.size() as u32
}

/// What a feature of a tile is sorted by: zoom, place on its curve, digest.
pub(super) fn sort_key(tile: TileId, digest: u64) -> SortKey {
    SortKey {
        key: u64::from(tile.zoom()) << PLACE_BITS | tile.place_on_curve(),
        tie: digest,
    }
}

/// The tiles of features that come in order.
pub(super) struct ShapeTiles {
    features: RecordMerge,
    /// The tile that is open.
    key: u64,
    open: Vec<u8>,
    is_done: bool,
}

impl ShapeTiles {
    pub(super) fn new(features: RecordMerge) -> Self {
        Self {
            features,
            key: 0,
            open: vec![],
            is_done: false,
        }
    }

    fn close(&mut self, lot: &mut Lot) {
        if !self.open.is_empty() {
            let zoom = (self.key >> PLACE_BITS) as u8;
            lot.push(zoom, self.key & ((1 << PLACE_BITS) - 1), &self.open);
            self.open.clear();
        }
    }
}

impl LotSource for ShapeTiles {
    fn fill(&mut self, lot: &mut Lot) -> Result<bool, VectorTilesError> {
        while !lot.is_full() && !self.is_done {
            let Some(record) = self.features.next_record().map_err(VectorTilesError::scratch)? else {
                self.close(lot);
                self.is_done = true;
                break;
            };
            if record.key.key != self.key {
                self.close(lot);
                self.key = record.key.key;
            }
            self.open.extend_from_slice(&record.bytes);
        }
        Ok(!self.is_done)
    }
}
