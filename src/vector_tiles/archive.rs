//! An archive put together: PMTiles 3, clustered, its tiles in gzip.
//!
//! Tiles wait zoom by zoom in a scratch file, since one pass over points makes those of all zooms side by side, and an archive has
//! them in the order of their numbers. Layout of the file: header, root directory, metadata, leaf directories, tiles.

use std::io::{self, Write};
use std::sync::Arc;

use super::VectorTilesError;
use super::byte_log::ByteLog;
use super::directory::{Directories, EntryLog, HEADER_BYTES, write_directories};
use super::gzip::Gzip;
use super::lots::MadeTile;
use super::pyramid::{DEEPEST, first_of_zoom};
use super::tile_id::TileId;
use crate::feature::ScratchFile;

const MAGIC: &[u8] = b"PMTiles";
const FORMAT_VERSION: u8 = 3;
const GZIP: u8 = 2;
const MVT: u8 = 1;
/// Degrees are told in so many parts.
const DEGREE_PARTS: f64 = 1e7;

/// The largest tile of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargestTile {
    /// Which.
    pub tile: TileId,
    /// Its bytes before gzip.
    pub bytes: usize,
}

/// Tiles of an archive in the making.
#[derive(Debug)]
pub(super) struct Archive {
    file: Arc<dyn ScratchFile>,
    zooms: Vec<ZoomTiles>,
    largest: Option<LargestTile>,
    /// Tiles that had too many features for their size.
    pub(super) crowded: u64,
}

#[derive(Debug)]
struct ZoomTiles {
    bytes: ByteLog,
    entries: EntryLog,
    /// The last tile.
    last: Vec<u8>,
    features: u64,
}

/// What the header tells beside where things are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// West, south, east, north, degrees.
    pub(super) bounds: [f64; 4],
    /// The deepest zoom.
    pub(super) deepest: u8,
}

impl Archive {
    pub(super) fn new(file: &Arc<dyn ScratchFile>) -> Self {
        Self {
            file: Arc::clone(file),
            zooms: (0..=DEEPEST).map(|_| ZoomTiles::new(file)).collect(),
            largest: None,
            crowded: 0,
        }
    }

    /// Takes a tile; those of a zoom come in the order of the curve.
    pub(super) fn push(&mut self, made: MadeTile<'_>) -> Result<(), VectorTilesError> {
        let zoom = &mut self.zooms[usize::from(made.zoom)];
        zoom.features += made.features as u64;
        self.crowded += u64::from(made.left_out > 0);
        if self.largest.is_none_or(|largest| largest.bytes < made.unpacked) {
            self.largest = Some(LargestTile {
                tile: TileId::of_place(made.zoom, made.place),
                bytes: made.unpacked,
            });
        }
        zoom.put(made).map_err(VectorTilesError::scratch)
    }

    /// The largest of its tiles; of those that are as large the first that was made.
    pub(super) fn largest(&self) -> Option<LargestTile> {
        self.largest
    }

    /// How many tiles there are.
    pub(super) fn tiles(&self) -> u64 {
        self.zooms.iter().map(|zoom| zoom.entries.tiles()).sum()
    }

    /// Features in the tiles of each zoom.
    pub(super) fn features_by_zoom(&self) -> Vec<u64> {
        self.zooms.iter().map(|zoom| zoom.features).collect()
    }

    /// Writes the archive.
    pub(super) fn write(
        self,
        metadata: &[u8],
        scene: Scene,
        out: &mut dyn Write,
    ) -> Result<(), VectorTilesError> {
        let mut counts = Counts {
            tiles: self.tiles(),
            entries: 0,
        };
        let mut entries = Vec::new();
        let mut tiles = Vec::new();
        for zoom in self.zooms {
            counts.entries += zoom.entries.entries();
            entries.push(zoom.entries);
            tiles.push(zoom.bytes);
        }
        let directories = write_directories(entries, ByteLog::new(&self.file));
        let Directories { root, leaves } = directories.map_err(VectorTilesError::scratch)?;
        let mut packed = Vec::new();
        Gzip::default().push_compressed(metadata, &mut packed);
        let sections = Sections {
            root: root.len() as u64,
            metadata: packed.len() as u64,
            leaves: leaves.len(),
            tiles: tiles.iter().map(ByteLog::len).sum(),
        };
        let header = header(&sections, counts, scene);
        for section in [&header, &root, &packed] {
            out.write_all(section).map_err(VectorTilesError::write)?;
        }
        for log in std::iter::once(leaves).chain(tiles) {
            for chunk in log.into_chunks() {
                let chunk = chunk.map_err(VectorTilesError::scratch)?;
                out.write_all(&chunk).map_err(VectorTilesError::write)?;
            }
        }
        Ok(())
    }
}

impl ZoomTiles {
    fn new(file: &Arc<dyn ScratchFile>) -> Self {
        Self {
            bytes: ByteLog::new(file),
            entries: EntryLog::new(ByteLog::new(file)),
            last: vec![],
            features: 0,
        }
    }

    fn put(&mut self, made: MadeTile<'_>) -> io::Result<()> {
        let tile = first_of_zoom(made.zoom) + made.place;
        // Within an area tiles are the same for miles: each run of them stands in the archive once.
        if self.entries.is_next(tile) && self.last == made.bytes {
            self.entries.repeat_last();
            return Ok(());
        }
        self.last.clear();
        self.last.extend_from_slice(made.bytes);
        self.bytes.push(made.bytes)?;
        self.entries.push(tile, made.bytes.len() as u64)
    }
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    tiles: u64,
    entries: u64,
}

/// Bytes of the parts of an archive after its header, in their order.
struct Sections {
    root: u64,
    metadata: u64,
    leaves: u64,
    tiles: u64,
}

fn header(sections: &Sections, counts: Counts, scene: Scene) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.push(FORMAT_VERSION);
    let mut at = HEADER_BYTES as u64;
    for length in [sections.root, sections.metadata, sections.leaves, sections.tiles] {
        bytes.extend(at.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        at += length;
    }
    // Every entry has bytes of its own.
    for count in [counts.tiles, counts.entries, counts.entries] {
        bytes.extend(count.to_le_bytes());
    }
    let is_clustered = 1;
    bytes.extend([is_clustered, GZIP, GZIP, MVT, 0, scene.deepest]);
    let [west, south, east, north] = scene.bounds;
    for degrees in scene.bounds {
        bytes.extend(degree_parts(degrees).to_le_bytes());
    }
    bytes.push(0);
    for degrees in [f64::midpoint(west, east), f64::midpoint(south, north)] {
        bytes.extend(degree_parts(degrees).to_le_bytes());
    }
    bytes
}

#[expect(clippy::cast_possible_truncation, reason = "180 degrees are 1.8e9 parts")]
fn degree_parts(degrees: f64) -> i32 {
    (degrees * DEGREE_PARTS).round() as i32
}
