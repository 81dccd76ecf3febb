//! Vector tiles: rows of a layer as what maps in a browser draw (Mapbox Vector Tile 2.1), one by one or as an archive of all
//! zooms (PMTiles 3).
//!
//! Pure: rows in, bytes out. What outgrows memory goes to a scratch file that is handed in. Opens and names no file, and
//! reads no release: rows come from whoever has them. May use: `feature`, `kernel`.

mod archive;
mod archive_maker;
mod byte_log;
mod cell_contest;
mod columns;
mod commands;
mod directory;
mod error;
mod feature_bytes;
mod gzip;
mod layer_encoder;
mod layer_tiles;
mod lots;
mod mercator;
mod metadata;
mod one_tile;
mod protobuf;
mod pyramid;
mod rows;
mod shape;
mod shape_tiles;
mod small_deflate;
mod sorted_records;
mod thinned_points;
mod tile_id;
mod tile_pieces;

pub use archive::LargestTile;
pub use archive_maker::{ArchiveMaker, ArchiveReport};
pub use columns::{AT_ALL_ZOOMS, MapColumn, MapColumns};
pub use error::VectorTilesError;
pub use layer_tiles::{CEILING, Family, RULE, TileLayer};
pub use mercator::MOST_LATITUDE;
pub use metadata::ArchiveDoc;
pub use one_tile::TileMaker;
pub use pyramid::{BUFFER, DEEPEST, EXTENT};
pub use tile_id::TileId;
