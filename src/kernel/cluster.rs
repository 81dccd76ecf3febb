//! Rows of a batch in an order in which neighbours lie side by side.
//!
//! A tile takes its rows from every batch of its layer. Where these follow a space-filling curve, they are in few places
//! of a batch's memory, not one here and one there. Pure.

/// Numbers of points along a Morton curve (G. M. Morton, IBM Ottawa 1966) over the globe, cells of 1/182 degrees by half
/// that; points of one cell in the order in which they come.
///
/// ```
/// use cikr::kernel::cluster::along_curve;
///
/// let houston = [-95.4, 29.8];
/// let galveston = [-94.8, 29.3];
/// let berlin = [13.4, 52.5];
/// assert_eq!(along_curve(&[houston, berlin, galveston]), [2, 0, 1]);
/// ```
pub fn along_curve(points: &[[f64; 2]]) -> Vec<u32> {
    // The number of the cell above that of the point, so that one sort of plain numbers gives the order and settles ties.
    let mut places: Vec<u64> = (0u32..)
        .zip(points)
        .map(|(number, [x, y])| {
            u64::from(morton_code(cell_of(*x, 360.0), cell_of(*y, 180.0))) << 32 | u64::from(number)
        })
        .collect();
    places.sort_unstable();
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the number")]
    places.into_iter().map(|place| place as u32).collect()
}

/// Which of 65,536 cells of an axis around zero a number is in, the outermost where it is beyond.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float beyond a type is its end"
)]
fn cell_of(degrees: f64, extent: f64) -> u16 {
    // What is no place on the globe goes to its edge: a reject is for others to make, and any order is a right one.
    ((degrees / extent + 0.5) * 65_536.0) as u16
}

/// The bits of two numbers in turns.
fn morton_code(x: u16, y: u16) -> u32 {
    spread_bits(x) | spread_bits(y) << 1
}

/// The bits of a number with a zero before each.
fn spread_bits(bits: u16) -> u32 {
    let steps = [
        (8, 0x00FF_00FF),
        (4, 0x0F0F_0F0F),
        (2, 0x3333_3333),
        (1, 0x5555_5555),
    ];
    steps.into_iter().fold(u32::from(bits), |bits, (shift, mask)| {
        (bits | bits << shift) & mask
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_follow_each_other() {
        let points = [
            [-95.0, 30.0],
            [10.0, 50.0],
            [-95.001, 30.001],
            [10.0, 50.0],
            [f64::NAN, -95.0],
        ];
        assert_eq!(along_curve(&points), [4, 0, 2, 1, 3]);
        assert_eq!(morton_code(0b11, 0b01), 0b0111);
        assert_eq!((cell_of(-180.0, 360.0), cell_of(180.0, 360.0)), (0, u16::MAX));
    }
}
