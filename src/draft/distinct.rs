//! How many distinct values a column has, in bounded memory.
//!
//! Pure. Exact up to some ten thousand; beyond, a bitmap of half a megabyte estimates the number to
//! a few hundredths of a percent (linear counting), and `proof` counts the best candidates exactly.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Distinct values that are counted exactly.
const EXACT: usize = 1 << 16;

/// Bits of the estimate.
const BITS: usize = 1 << 22;

/// A count of distinct values.
#[derive(Debug, Default)]
pub(super) struct DistinctCount {
    exact: HashSet<u64>,
    bits: Vec<u64>,
    set: usize,
}

impl DistinctCount {
    /// Takes a value into account.
    pub(super) fn note_value(&mut self, value: &str) {
        let hash = hash_value(value);
        if self.bits.is_empty() {
            self.exact.insert(hash);
            if self.exact.len() > EXACT {
                self.bits = vec![0; BITS / 64];
                for hash in std::mem::take(&mut self.exact) {
                    self.set_bit(hash);
                }
            }
        } else {
            self.set_bit(hash);
        }
    }

    /// Whether `count` is exact.
    pub(super) fn is_exact(&self) -> bool {
        self.bits.is_empty()
    }

    /// Distinct values, at least 1 where there are any.
    pub(super) fn count(&self) -> u64 {
        if self.is_exact() {
            return self.exact.len() as u64;
        }
        // Linear counting (Whang, Vander-Zanden, Taylor 1990): where a share `v` of `m` bits is still empty,
        // about `-m ln v` values have been hashed.
        let empty = (BITS - self.set).max(1) as f64 / BITS as f64;
        let estimate = -(BITS as f64) * empty.ln();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 2^26"
        )]
        let estimate = estimate.round() as u64;
        estimate
    }

    fn set_bit(&mut self, hash: u64) {
        let at = usize::try_from(hash % BITS as u64).unwrap_or(0);
        let word = &mut self.bits[at / 64];
        let bit = 1_u64 << (at % 64);
        self.set += usize::from(*word & bit == 0);
        *word |= bit;
    }
}

/// The same on every machine and in every run.
pub(super) fn hash_value(value: &str) -> u64 {
    // Its keys are fixed, unlike those of a `HashMap`: a draft is the same in every run.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_counted_and_many_estimated() {
        let mut distinct = DistinctCount::default();
        for n in 0..200_000_u64 {
            distinct.note_value(&n.to_string());
            if n % 3 == 0 {
                distinct.note_value(&n.to_string());
            }
            if n == 9_999 {
                assert!(distinct.is_exact());
                assert_eq!(distinct.count(), 10_000);
            }
        }
        assert!(!distinct.is_exact());
        assert!(distinct.count().abs_diff(200_000) < 400, "{}", distinct.count());
    }
}
