//! Where a coordinate lies: in which tile of the world, and in which cell of a tile.
//!
//! Two levels of squares over an extent. Each is found by one rising function of each coordinate, for
//! edges and for points alike, so that no rounding can put a point beyond an edge of its cell.

/// Tiles over an extent, one axis: west to east, or south to north.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    /// Coordinate at which it begins, degrees.
    pub(super) origin: f64,
    /// Tiles per degree.
    pub(super) scale: f64,
    pub(super) tiles: u32,
}

/// An axis at one level: its tiles, or the cells of one of them.
#[derive(Clone, Copy)]
pub(super) struct Level {
    axis: Axis,
    /// Which tile, and how many cells it has; none for the tiles themselves.
    inside: Option<(u32, u32)>,
}

impl Axis {
    /// So many tiles from `from` to `to`.
    pub(super) fn new([from, to]: [f64; 2], tiles: u32) -> Self {
        let length = to - from;
        Self {
            origin: from,
            scale: if length > 0.0 {
                f64::from(tiles) / length
            } else {
                0.0
            },
            tiles,
        }
    }

    /// Tiles from the origin, as a number with a fraction.
    #[inline]
    pub(super) fn place(self, value: f64) -> f64 {
        (value - self.origin) * self.scale
    }

    /// The tile of a [`Self::place`].
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates"
    )]
    pub(super) fn tile(self, place: f64) -> u32 {
        (place as u32).min(self.tiles - 1)
    }
}

/// Which of `side` cells of a tile a place is in, by its part of the way through the tile.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
pub(super) fn cell_in_tile(share: f64, side: u32) -> u32 {
    ((share * f64::from(side)) as u32).min(side - 1)
}

impl Level {
    pub(super) fn of_tiles(axis: Axis) -> Self {
        Self { axis, inside: None }
    }

    pub(super) fn of_cells(axis: Axis, tile: u32, side: u32) -> Self {
        Self {
            axis,
            inside: Some((tile, side)),
        }
    }

    /// Steps of the level.
    pub(super) fn count(self) -> i32 {
        self.inside
            .map_or(self.axis.tiles, |(_, side)| side)
            .cast_signed()
    }

    /// The step that a coordinate is in: -1 before the first, [`Self::count`] beyond the last.
    #[inline]
    pub(super) fn step(self, value: f64) -> i32 {
        let place = self.axis.place(value);
        let tile = self.axis.tile(place);
        match self.inside {
            None => tile.cast_signed(),
            Some((own, _)) if tile < own => -1,
            Some((own, side)) if tile > own => side.cast_signed(),
            Some((own, side)) => cell_in_tile(place - f64::from(own), side).cast_signed(),
        }
    }

    /// About where a step begins, degrees.
    pub(super) fn begin(self, step: i32) -> f64 {
        if self.axis.scale == 0.0 {
            return self.axis.origin;
        }
        let place = match self.inside {
            None => f64::from(step),
            Some((tile, side)) => f64::from(tile) + f64::from(step) / f64::from(side),
        };
        self.axis.origin + place / self.axis.scale
    }
}
