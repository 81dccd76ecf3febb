//! The web's pyramid of tiles: how deep it is here, how a tile is divided, and the curve that archives are in.
//!
//! The curve is PMTiles': a Hilbert curve on every zoom, the zooms one after the other. It nests: the place of a tile's
//! parent on the zoom above is a fourth of its own, so that one order of points serves all zooms.

use pmtiles::{PYRAMID_SIZE_BY_ZOOM, TileCoord};

/// The deepest zoom of an archive. A tile of it is some 2 km across in the middle of the United States, and maps enlarge it
/// for all zooms beyond.
pub const DEEPEST: u8 = 14;

/// Units along a tile's side, as nearly all tiles have it (Mapbox Vector Tile 2.1, `extent`).
pub const EXTENT: u32 = 1 << EXTENT_BITS;

/// The same as a power of two.
pub(super) const EXTENT_BITS: u8 = 12;

/// How far lines and areas go on beyond a tile's sides, in its units: 8 pixels of a tile that is drawn 512 pixels wide, so
/// that no line ends, and no outline is drawn, where two tiles meet.
pub const BUFFER: u32 = 64;

/// Number that PMTiles gives to the first tile of a zoom.
pub(super) fn first_of_zoom(zoom: u8) -> u64 {
    PYRAMID_SIZE_BY_ZOOM[usize::from(zoom)]
}

/// Place of a column and a row on the curve of a zoom, which may be deeper than any tile's.
pub(super) fn place_on_curve(zoom: u8, x: u32, y: u32) -> u64 {
    TileCoord::new(zoom, x, y).map_or(0, |tile| {
        pmtiles::TileId::from(tile).value() - first_of_zoom(zoom)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_parent_s_place_on_the_curve_is_a_fourth_of_its_child_s(zoom in 1_u8..=24, x: u32, y: u32) {
            let shift = 32 - u32::from(zoom);
            let (x, y) = (x >> shift, y >> shift);
            prop_assert_eq!(place_on_curve(zoom, x, y) >> 2, place_on_curve(zoom - 1, x >> 1, y >> 1));
        }
    }
}
