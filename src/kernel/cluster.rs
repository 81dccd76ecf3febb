//! Rows of a batch in an order in which neighbours lie side by side.
//!
//! A tile takes its rows from every batch of its layer. Where these follow a space-filling curve, they are in few places
//! of a batch's memory, not one here and one there. Pure.

/// Numbers of points along a Morton curve (G. M. Morton, IBM Ottawa 1966) over the globe, cells of 1/182 degrees by half
/// that; points of one cell in the order in which they come.
pub fn along_curve(points: &[[f64; 2]]) -> Vec<u32> {
    let place = |(number, [x, y]): (u32, &[f64; 2])| {
        u64::from(morton(cell(*x, 360.0), cell(*y, 180.0))) << 32 | u64::from(number)
    };
    let mut places: Vec<u64> = (0..).zip(points).map(place).collect();
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
fn cell(degrees: f64, extent: f64) -> u16 {
    ((degrees / extent + 0.5) * 65_536.0) as u16
}

/// The bits of two numbers in turns.
fn morton(x: u16, y: u16) -> u32 {
    let spread = |bits: u16| {
        let steps = [
            (8, 0x00FF_00FF),
            (4, 0x0F0F_0F0F),
            (2, 0x3333_3333),
            (1, 0x5555_5555),
        ];
        steps.into_iter().fold(u32::from(bits), |bits, (shift, mask)| {
            (bits | bits << shift) & mask
        })
    };
    spread(x) | spread(y) << 1
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
        assert_eq!(morton(0b11, 0b01), 0b0111);
        assert_eq!((cell(-180.0, 360.0), cell(180.0, 360.0)), (0, u16::MAX));
    }
}
