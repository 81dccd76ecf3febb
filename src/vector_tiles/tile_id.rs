//! Which tile: zoom, column and row of the web's tile pyramid, its box, and its place on the curve that archives are in.

use pmtiles::TileCoord;

use super::mercator::latitude_of;
use super::pyramid::{BUFFER, DEEPEST, EXTENT, first_of_zoom, place_on_curve};

/// A tile of the web's pyramid (XYZ: row 0 is the northernmost).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileId {
    zoom: u8,
    x: u32,
    y: u32,
}

impl TileId {
    /// A tile; none where the pyramid has no such row or column, or the zoom is beyond [`DEEPEST`].
    ///
    /// ```
    /// use cikr::vector_tiles::TileId;
    ///
    /// assert!(TileId::new(1, 1, 0).is_some());
    /// assert!(TileId::new(1, 2, 0).is_none() && TileId::new(15, 0, 0).is_none());
    /// ```
    pub fn new(zoom: u8, x: u32, y: u32) -> Option<Self> {
        let is_there = zoom <= DEEPEST && x < 1 << zoom && y < 1 << zoom;
        is_there.then_some(Self { zoom, x, y })
    }

    /// Zoom: the world is 2^zoom tiles wide.
    pub fn zoom(self) -> u8 {
        self.zoom
    }

    /// Column, from the west.
    pub fn x(self) -> u32 {
        self.x
    }

    /// Row, from the north.
    pub fn y(self) -> u32 {
        self.y
    }

    /// Its box with the buffer around it: west, south, east, north in degrees. Whatever is outside isn't in the tile.
    ///
    /// ```
    /// use cikr::vector_tiles::TileId;
    ///
    /// let [west, south, east, north] = TileId::new(1, 1, 0).unwrap().bounds_with_buffer();
    /// assert!(-3.0 < west && west < 0.0 && -3.0 < south && south < 0.0);
    /// assert_eq!((east, north.round()), (180.0, 85.0), "the world ends there");
    /// ```
    pub fn bounds_with_buffer(self) -> [f64; 4] {
        let around = f64::from(BUFFER) / f64::from(EXTENT);
        let across = f64::from(1_u32 << self.zoom);
        let share = |tiles: f64| (tiles / across).clamp(0.0, 1.0);
        let (left, top) = (f64::from(self.x), f64::from(self.y));
        [
            share(left - around) * 360.0 - 180.0,
            latitude_of(share(top + 1.0 + around)),
            share(left + 1.0 + around) * 360.0 - 180.0,
            latitude_of(share(top - around)),
        ]
    }

    /// Its place on the curve of its zoom.
    pub(super) fn place_on_curve(self) -> u64 {
        place_on_curve(self.zoom, self.x, self.y)
    }

    /// The tile at a place on the curve of a zoom.
    pub(super) fn of_place(zoom: u8, place: u64) -> Self {
        let (x, y) = pmtiles::TileId::new(first_of_zoom(zoom) + place)
            .map(TileCoord::from)
            .map_or((0, 0), |tile| (tile.x(), tile.y()));
        Self { zoom, x, y }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_tile_is_found_again_by_its_place(zoom in 0_u8..=DEEPEST, x: u32, y: u32) {
            let shift = 32 - u32::from(zoom);
            let of_zoom = |at: u32| u32::try_from(u64::from(at) >> shift).unwrap();
            let tile = TileId::new(zoom, of_zoom(x), of_zoom(y)).unwrap();
            prop_assert_eq!(TileId::of_place(zoom, tile.place_on_curve()), tile);
        }
    }
}
