//! Lots of tiles: while one is encoded by all threads, the next is filled by one of them.

use rayon::prelude::*;

use super::VectorTilesError;
use super::feature_bytes::TileFeature;
use super::gzip::Gzip;
use super::layer_encoder::LayerEncoder;
use super::layer_tiles::TileLayer;

/// Bytes of features that a lot is full with.
const FULL: usize = 4 << 20;
/// Bytes of features that a thread takes at a time.
const PART: usize = 256 << 10;

/// Tiles that are to be made, each of features that are put together.
#[derive(Debug, Default)]
pub(super) struct Lot {
    bytes: Vec<u8>,
    tiles: Vec<TileToMake>,
}

#[derive(Debug, Clone, Copy)]
struct TileToMake {
    zoom: u8,
    /// On the curve of its zoom.
    place: u64,
    /// Where its features end in the lot.
    end: usize,
}

impl Lot {
    /// Adds a tile.
    pub(super) fn push(&mut self, zoom: u8, place: u64, features: &[u8]) {
        self.bytes.extend_from_slice(features);
        self.tiles.push(TileToMake {
            zoom,
            place,
            end: self.bytes.len(),
        });
    }

    /// Whether it is to be encoded before more is added.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.tiles.clear();
    }

    /// Its tiles in parts of about the same size, each with where its features begin.
    fn parts(&self) -> Vec<(usize, &[TileToMake])> {
        let mut parts = Vec::new();
        let mut start = 0;
        let mut rest = self.tiles.as_slice();
        while !rest.is_empty() {
            let count = rest.partition_point(|tile| tile.end < start + PART) + 1;
            let (part, others) = rest.split_at(count.min(rest.len()));
            parts.push((start, part));
            start = part.last().map_or(start, |tile| tile.end);
            rest = others;
        }
        parts
    }
}

/// Fills lots with the tiles of a layer.
pub(super) trait LotSource: Send {
    /// Fills a lot, or adds the last tiles to it; whether there are more.
    ///
    /// # Errors
    /// When features can't be had back.
    fn fill(&mut self, lot: &mut Lot) -> Result<bool, VectorTilesError>;
}

/// A tile that is made, in gzip.
#[derive(Debug, Clone, Copy)]
pub(super) struct MadeTile<'a> {
    pub(super) zoom: u8,
    /// On the curve of its zoom.
    pub(super) place: u64,
    pub(super) bytes: &'a [u8],
    /// Bytes before gzip.
    pub(super) unpacked: usize,
    /// Features in it.
    pub(super) features: usize,
    /// Features that were left out for its size.
    pub(super) left_out: usize,
}

/// Makes all tiles of a source, and hands them on in its order.
///
/// # Errors
/// When the source fails, or who takes the tiles.
pub(super) fn make_tiles(
    layer: &TileLayer,
    source: &mut dyn LotSource,
    take: &mut dyn FnMut(MadeTile<'_>) -> Result<(), VectorTilesError>,
) -> Result<(), VectorTilesError> {
    let mut full = Lot::default();
    let mut next = Lot::default();
    let mut has_more = source.fill(&mut full)?;
    while !full.tiles.is_empty() {
        next.clear();
        let fill_next = || {
            if has_more {
                source.fill(&mut next)
            } else {
                Ok(false)
            }
        };
        let (made, filled) = rayon::join(|| make_lot(layer, &full), fill_next);
        has_more = filled?;
        for part in &made {
            part.hand_on(take)?;
        }
        std::mem::swap(&mut full, &mut next);
    }
    Ok(())
}

fn make_lot(layer: &TileLayer, lot: &Lot) -> Vec<MadePart> {
    let parts = lot.parts();
    let workshop = || (LayerEncoder::default(), Gzip::default());
    // A workshop serves the parts that one thread takes: the compressor's memory is a third of a megabyte.
    parts
        .into_par_iter()
        .map_init(workshop, |(encoder, gzip), (start, tiles)| {
            let mut part = MadePart::default();
            let mut start = start;
            let mut before: Option<(u8, &[u8])> = None;
            for tile in tiles {
                let features = &lot.bytes[start..tile.end];
                // Within an area tiles are the same for miles. Points are in a tile by where they are, and never the same.
                if before == Some((tile.zoom, features)) {
                    part.repeat_last(*tile);
                } else {
                    part.make(layer, encoder, gzip, *tile, features);
                }
                before = Some((tile.zoom, features));
                start = tile.end;
            }
            part
        })
        .collect()
}

/// Tiles of a part of a lot.
#[derive(Debug, Default)]
struct MadePart {
    bytes: Vec<u8>,
    /// A tile as it is before it is packed.
    unpacked: Vec<u8>,
    tiles: Vec<PartTile>,
}

#[derive(Debug, Clone, Copy)]
struct PartTile {
    zoom: u8,
    place: u64,
    end: usize,
    unpacked: usize,
    features: usize,
    left_out: usize,
}

impl MadePart {
    fn make(
        &mut self,
        layer: &TileLayer,
        encoder: &mut LayerEncoder,
        gzip: &mut Gzip,
        tile: TileToMake,
        features: &[u8],
    ) {
        let features = TileFeature::all_of(features);
        let count = features.len();
        self.unpacked.clear();
        let left_out = layer.encode(encoder, tile.zoom, features, &mut self.unpacked);
        gzip.push_compressed(&self.unpacked, &mut self.bytes);
        self.tiles.push(PartTile {
            zoom: tile.zoom,
            place: tile.place,
            end: self.bytes.len(),
            unpacked: self.unpacked.len(),
            features: count - left_out,
            left_out,
        });
    }

    /// Adds a tile that is the same as the last.
    fn repeat_last(&mut self, tile: TileToMake) {
        let Some(last) = self.tiles.last().copied() else {
            return;
        };
        let start = self.tiles.iter().rev().nth(1).map_or(0, |before| before.end);
        self.bytes.extend_from_within(start..last.end);
        self.tiles.push(PartTile {
            place: tile.place,
            end: self.bytes.len(),
            ..last
        });
    }

    fn hand_on(
        &self,
        take: &mut dyn FnMut(MadeTile<'_>) -> Result<(), VectorTilesError>,
    ) -> Result<(), VectorTilesError> {
        let mut start = 0;
        for tile in &self.tiles {
            take(MadeTile {
                zoom: tile.zoom,
                place: tile.place,
                bytes: &self.bytes[start..tile.end],
                unpacked: tile.unpacked,
                features: tile.features,
                left_out: tile.left_out,
            })?;
            start = tile.end;
        }
        Ok(())
    }
}
