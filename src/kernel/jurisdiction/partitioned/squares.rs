//! Squares of the world that partitions are made of.

/// Squares per degree.
const PER_DEGREE: f64 = 2.0;
const COLUMNS: u32 = 720;
const ROWS: u32 = 360;

/// Number of all squares.
pub(super) const COUNT: usize = (COLUMNS * ROWS) as usize;

/// The column or row of a coordinate that counts from `origin`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn step(value: f64, origin: f64, count: u32) -> u32 {
    (((value - origin) * PER_DEGREE) as u32).min(count - 1)
}

/// The square of a place, degrees; a place off the world is in one at its rim.
pub(super) fn square_at(x: f64, y: f64) -> u32 {
    step(y, -90.0, ROWS) * COLUMNS + step(x, -180.0, COLUMNS)
}

/// The squares that a box (west, south, east, north) meets.
pub(super) fn squares_met([west, south, east, north]: [f64; 4]) -> impl Iterator<Item = u32> {
    let columns = step(west, -180.0, COLUMNS)..=step(east, -180.0, COLUMNS);
    let rows = step(south, -90.0, ROWS)..=step(north, -90.0, ROWS);
    rows.flat_map(move |row| columns.clone().map(move |column| row * COLUMNS + column))
}

/// Every square, neighbours near each other: along a Morton curve.
pub(super) fn squares_along_curve() -> impl Iterator<Item = u32> {
    // Twice ten bits: the first power of two beyond the columns.
    (0..1u32 << 20)
        .map(|place| [every_second_bit(place), every_second_bit(place >> 1)])
        .filter(|[column, row]| *column < COLUMNS && *row < ROWS)
        .map(|[column, row]| row * COLUMNS + column)
}

/// The bits at even places, together.
fn every_second_bit(number: u32) -> u32 {
    let mut bits = number & 0x5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333),
        (2, 0x0F0F_0F0F),
        (4, 0x00FF_00FF),
        (8, 0x0000_FFFF),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::{COUNT, squares_along_curve};

    #[test]
    fn every_square_is_on_the_curve_once() {
        let mut squares: Vec<u32> = squares_along_curve().collect();
        squares.sort_unstable();
        assert!(squares.into_iter().eq(0..u32::try_from(COUNT).unwrap()));
    }
}
