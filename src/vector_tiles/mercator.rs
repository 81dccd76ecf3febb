//! Web Mercator: where on the square of the world a longitude and a latitude are.
//!
//! The square is cut into 2^32 columns and rows, 1 cm each, so that what a place is in a tile of any zoom is a shift of
//! whole numbers, the same on every machine.

use std::f64::consts::PI;

use super::pyramid::{EXTENT, EXTENT_BITS, place_on_curve};

/// Latitude in degrees at which the square ends (EPSG:3857): what is beyond is on no tile.
pub const MOST_LATITUDE: f64 = 85.051_128_779_806_59;

/// Zoom of the cells in whose order points are: below the smallest cell that thinning looks at, and 2.4 m wide at most.
pub(super) const CURVE_ZOOM: u8 = 24;

/// Columns and rows of the square, as a power of two.
const BITS: u8 = 32;

/// A place on the square: column from the west, row from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) x: u32,
    pub(super) y: u32,
}

impl Place {
    /// Of degrees; none beyond the square.
    pub(super) fn of_degrees(longitude: f64, latitude: f64) -> Option<Self> {
        let is_on_square = longitude.abs() <= 180.0 && latitude.abs() <= MOST_LATITUDE;
        is_on_square.then(|| Self::of_shares(share_of_longitude(longitude), share_of_latitude(latitude)))
    }

    /// Of shares of the square's width and height.
    pub(super) fn of_shares(x: f64, y: f64) -> Self {
        Self {
            x: cell_at(x),
            y: cell_at(y),
        }
    }

    /// Place on the curve of [`CURVE_ZOOM`].
    pub(super) fn on_curve(self) -> u64 {
        let shift = BITS - CURVE_ZOOM;
        place_on_curve(CURVE_ZOOM, self.x >> shift, self.y >> shift)
    }

    /// Units from the west and from the north of the tile of a zoom that holds it.
    pub(super) fn in_tile(self, zoom: u8) -> (u32, u32) {
        let shift = BITS - zoom - EXTENT_BITS;
        ((self.x >> shift) % EXTENT, (self.y >> shift) % EXTENT)
    }

    /// The cell that holds it, of 2^zoom columns and rows.
    pub(super) fn cell(self, zoom: u8) -> (u32, u32) {
        // Of zoom 0 all bits go: the one tile is at 0.
        let of_zoom = |at: u32| at.checked_shr(u32::from(BITS - zoom)).unwrap_or(0);
        (of_zoom(self.x), of_zoom(self.y))
    }
}

/// Share of the square's width that is west of a longitude.
pub(super) fn share_of_longitude(longitude: f64) -> f64 {
    (longitude + 180.0) / 360.0
}

/// Share of the square's height that is north of a latitude; below 0 or above 1 beyond the square.
pub(super) fn share_of_latitude(latitude: f64) -> f64 {
    0.5 - latitude.to_radians().tan().asinh() / (2.0 * PI)
}

/// Latitude at a share of the square's height, degrees.
pub(super) fn latitude_of(share: f64) -> f64 {
    ((0.5 - share) * 2.0 * PI).sinh().atan().to_degrees()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` ends at both ends of the range: the eastern edge is in the last column"
)]
fn cell_at(share: f64) -> u32 {
    (share * 2_f64.powi(i32::from(BITS))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_where_other_programs_have_them() {
        // Tile 14/3858/6770 holds this point of Houston (mercantile 1.2).
        let houston = Place::of_degrees(-95.2201, 29.8013).unwrap();
        assert_eq!((houston.cell(14), houston.cell(0)), ((3858, 6770), (0, 0)));
        assert_eq!(Place::of_degrees(180.0, 0.0).unwrap().x, u32::MAX);
        assert!(Place::of_degrees(0.0, 85.06).is_none() && Place::of_degrees(f64::NAN, 0.0).is_none());
    }

    #[test]
    fn latitudes_come_back() {
        for latitude in [-85.0, -14.3, 0.0, 29.8, 71.3] {
            assert!((latitude_of(share_of_latitude(latitude)) - latitude).abs() < 1e-9);
        }
    }
}
