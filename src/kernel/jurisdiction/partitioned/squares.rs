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
pub(super) fn squares_along_curve() -> Vec<u32> {
    let mut squares: Vec<u32> = (0..COLUMNS * ROWS).collect();
    squares.sort_by_cached_key(|square| spread(square % COLUMNS) | spread(square / COLUMNS) << 1);
    squares
}

/// The lower ten bits of a number, each followed by an empty one.
fn spread(number: u32) -> u32 {
    (0..10).map(|bit| (number >> bit & 1) << (2 * bit)).sum()
}
