//! The core of a layer: the box around the middles of its rows, without the strays on either side.
//!
//! Pure. Exact, and in memory that doesn't grow with the rows: the middles are gone over several times, each time
//! counted by sixteen further bits of the numbers, until few are left that can be the ones looked for.

/// Share of the rows on either side that the core leaves out.
const STRAY: f64 = 0.02;
/// Bits of a number by which it is counted at a time.
const BITS_A_PASS: u32 = 16;
/// Numbers of one beginning that are few enough to be held.
const FEW_NUMBERS: u64 = 1 << BITS_A_PASS;

/// The axis of longitudes.
pub const LONGITUDE: usize = 0;
/// The axis of latitudes.
pub const LATITUDE: usize = 1;

/// Goes over the middles of all rows, as often as it is called.
pub type Passes<'a, E> = dyn Fn(&mut dyn FnMut([f64; 2])) -> Result<(), E> + 'a;

/// The core as west, south, east, north; none without rows.
///
/// ```
/// use std::convert::Infallible;
///
/// use cikr::kernel::core::core;
///
/// // A hundred rows around Houston, and one at zero.
/// let mut centres = vec![[-95.4, 29.8]; 100];
/// centres.push([0.0, 0.0]);
/// let found = core::<Infallible>(101, &|see| {
///     centres.iter().for_each(|centre| see(*centre));
///     Ok(())
/// });
/// assert_eq!(found, Ok(Some([-95.4, 29.8, -95.4, 29.8])));
/// ```
///
/// # Errors
/// When the rows can't be gone over.
pub fn core<E>(rows: u64, passes: &Passes<'_, E>) -> Result<Option<[f64; 4]>, E> {
    let Some(last) = rows.checked_sub(1) else {
        return Ok(None);
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a count"
    )]
    let skip = (last as f64 * STRAY) as u64;
    // By ranks: a mean is moved by the very rows that are to be left out.
    let found = ranked(
        &[
            (LONGITUDE, skip),
            (LATITUDE, skip),
            (LONGITUDE, last - skip),
            (LATITUDE, last - skip),
        ],
        passes,
    )?;
    Ok(found.try_into().ok())
}

/// The numbers that stand at some places among those of an axis ([`LONGITUDE`], [`LATITUDE`]) in order; `wanted` are
/// axes and places, from 0 up and below the number of rows.
///
/// # Errors
/// When the rows can't be gone over.
pub fn ranked<E>(wanted: &[(usize, u64)], passes: &Passes<'_, E>) -> Result<Vec<f64>, E> {
    // All searches share the passes: going over the rows is what costs, where they wait in a file.
    let mut wanted: Vec<RankSearch> = wanted
        .iter()
        .map(|(axis, rank)| RankSearch::new(*axis, *rank))
        .collect();
    while wanted.iter().any(|search| !search.is_narrow()) {
        wanted.iter_mut().for_each(RankSearch::begin_pass);
        passes(&mut |centre| wanted.iter_mut().for_each(|search| search.count_centre(centre)))?;
        wanted.iter_mut().for_each(RankSearch::narrow_down);
    }
    // One pass more: few numbers are left that can be the ones looked for, and these are held.
    passes(&mut |centre| wanted.iter_mut().for_each(|search| search.hold_centre(centre)))?;
    Ok(wanted.into_iter().map(RankSearch::into_number).collect())
}

/// Looks for the number of a rank among those of an axis.
struct RankSearch {
    axis: usize,
    /// Its rank among the numbers that begin with `prefix`.
    rank: u64,
    /// Leading bits known so far.
    prefix: u64,
    known: u32,
    /// Numbers that begin so; none before the first pass.
    left: Option<u64>,
    counts: Vec<u64>,
    held: Vec<u64>,
}

impl RankSearch {
    fn new(axis: usize, rank: u64) -> Self {
        Self {
            axis,
            rank,
            prefix: 0,
            known: 0,
            left: None,
            counts: vec![],
            held: vec![],
        }
    }

    fn is_narrow(&self) -> bool {
        self.known == u64::BITS || self.left.is_some_and(|left| left <= FEW_NUMBERS)
    }

    fn begin_pass(&mut self) {
        self.counts = if self.is_narrow() {
            vec![]
        } else {
            vec![0; 1 << BITS_A_PASS]
        };
    }

    fn begins_so(&self, number: u64) -> bool {
        self.known == 0 || number >> (u64::BITS - self.known) == self.prefix
    }

    fn count_centre(&mut self, centre: [f64; 2]) {
        let number = to_ordered_bits(centre[self.axis]);
        if !self.counts.is_empty() && self.begins_so(number) {
            let next = number << self.known >> (u64::BITS - BITS_A_PASS);
            self.counts[usize::try_from(next).expect("sixteen bits")] += 1;
        }
    }

    fn narrow_down(&mut self) {
        let counts = std::mem::take(&mut self.counts);
        for (next, count) in (0u64..).zip(counts) {
            if self.rank < count {
                self.prefix = self.prefix << BITS_A_PASS | next;
                self.known += BITS_A_PASS;
                self.left = Some(count);
                return;
            }
            self.rank -= count;
        }
    }

    fn hold_centre(&mut self, centre: [f64; 2]) {
        let number = to_ordered_bits(centre[self.axis]);
        if self.known < u64::BITS && self.begins_so(number) {
            self.held.push(number);
        }
    }

    fn into_number(mut self) -> f64 {
        if self.known == u64::BITS {
            return from_ordered_bits(self.prefix);
        }
        let rank = usize::try_from(self.rank).expect("few numbers are held");
        from_ordered_bits(*self.held.select_nth_unstable(rank).1)
    }
}

// IEEE 754 was made so that positive numbers are in the order of their bits. Negative ones are in the opposite order: all
// their bits are turned, and of the others only the sign.

/// Bits that stand in the order of the numbers, as `f64::total_cmp` has it.
fn to_ordered_bits(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn from_ordered_bits(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 {
        ordered & !(1 << 63)
    } else {
        !ordered
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn core_of(centres: &[[f64; 2]]) -> Option<[f64; 4]> {
        let pass = |see: &mut dyn FnMut([f64; 2])| -> Result<(), Infallible> {
            for centre in centres {
                see(*centre);
            }
            Ok(())
        };
        core(centres.len() as u64, &pass).unwrap()
    }

    #[test]
    fn a_stray_row_does_not_move_the_core() {
        let mut centres: Vec<[f64; 2]> = (0..100).map(|n| [-100.0 + f64::from(n) / 100.0, 35.0]).collect();
        centres.push([0.0, 0.0]);
        assert_eq!(core_of(&centres), Some([-99.98, 35.0, -99.02, 35.0]));
        assert_eq!(core_of(&[]), None);
        assert_eq!(
            core_of(&vec![[-0.5, 0.0]; 70_000]),
            Some([-0.5, 0.0, -0.5, 0.0]),
            "more than are held"
        );
    }

    proptest! {
        #[test]
        fn the_core_is_that_of_sorted_numbers(values in prop::collection::vec((-180.0..180.0, -90.0..90.0), 1..300)) {
            let centres: Vec<[f64; 2]> = values.iter().map(|(x, y)| [*x, *y]).collect();
            let sorted = |axis: usize| {
                let mut numbers: Vec<f64> = centres.iter().map(|centre| centre[axis]).collect();
                numbers.sort_by(f64::total_cmp);
                numbers
            };
            let skip = (values.len() - 1) / 50;
            let (x, y) = (sorted(0), sorted(1));
            let last = values.len() - 1 - skip;
            prop_assert_eq!(core_of(&centres), Some([x[skip], y[skip], x[last], y[last]]));
        }
    }
}
