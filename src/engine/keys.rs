//! Which keys of a layer have been seen, in memory that is bounded.
//!
//! The newest keys are a hash set. When that has its share of the budget, it becomes a sorted run in a scratch file, of
//! which memory keeps a Bloom filter and every so many keys: a new key costs a few probes, a repeated one a short read.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::sync::Arc;

use crate::feature::{ScratchFile, ScratchSpace, records};

/// Bytes that a key takes in the hash set, its share of empty places included.
const KEY_BYTES: usize = 28;
/// Bytes of a key in a run.
const STORED: usize = 16;
/// Keys that a hash set holds at least.
const LEAST: usize = 256;
/// Bits of the filter for each key: one key in a hundred is looked for in vain.
const FILTER_BITS: usize = 10;
/// Bits that are set for each key: the best number for ten bits a key.
const PROBES: u64 = 7;

/// Keys seen so far, as numbers that are equal where the keys are.
#[derive(Debug)]
pub(super) struct KeySet {
    newest: HashSet<u128, BuildHasherDefault<Mixer>>,
    most: usize,
    runs: Vec<Run>,
    space: Arc<dyn ScratchSpace>,
}

impl KeySet {
    /// Holds as many keys as fit into `bytes`.
    pub(super) fn new(bytes: usize, space: Arc<dyn ScratchSpace>) -> Self {
        let most = (bytes / KEY_BYTES).max(LEAST);
        Self { newest: HashSet::default(), most, runs: vec![], space }
    }

    /// Adds keys in order; tells of each whether it was new.
    ///
    /// # Errors
    /// When the scratch file can't be written to or read.
    pub(super) fn admit(&mut self, keys: &[u128]) -> io::Result<Vec<bool>> {
        let mut fresh = Vec::with_capacity(keys.len());
        for key in keys {
            fresh.push(!self.is_in_runs(*key)? && self.newest.insert(*key));
        }
        if self.newest.len() >= self.most {
            self.spill()?;
        }
        Ok(fresh)
    }

    fn is_in_runs(&self, key: u128) -> io::Result<bool> {
        for run in &self.runs {
            if run.may_hold(key) && run.keys.holds(&key.to_be_bytes())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = self.space.file((self.newest.len() * STORED) as u64)?;
        let mut keys: Vec<u128> = self.newest.drain().collect();
        keys.sort_unstable();
        self.runs.push(Run::write(&keys, file.into())?);
        Ok(())
    }
}

/// Sorted keys in a file.
#[derive(Debug)]
struct Run {
    keys: records::Run<STORED>,
    filter: Vec<u64>,
}

impl Run {
    fn write(keys: &[u128], file: Arc<dyn ScratchFile>) -> io::Result<Self> {
        let mut filter = vec![0u64; (keys.len() * FILTER_BITS).div_ceil(64).max(1)];
        for key in keys {
            for bit in probes(*key, filter.len()) {
                filter[bit / 64] |= 1 << (bit % 64);
            }
        }
        let keys = records::Run::write(keys.iter().map(|key| Ok(key.to_be_bytes())), file)?;
        Ok(Self { keys, filter })
    }

    fn may_hold(&self, key: u128) -> bool {
        probes(key, self.filter.len()).all(|bit| self.filter[bit / 64] >> (bit % 64) & 1 == 1)
    }
}

/// Bits of a filter of so many words that stand for a key.
fn probes(key: u128, words: usize) -> impl Iterator<Item = usize> {
    let (first, step) = (mixed(key), mixed(key.rotate_left(64)) | 1);
    let bits = words as u64 * 64;
    (0..PROBES).map(move |probe| {
        let bit = first.wrapping_add(probe.wrapping_mul(step)) % bits;
        usize::try_from(bit).expect("a filter lies in memory")
    })
}

/// A key's bits, each depending on all of them (the finish of `MurmurHash3`, of both halves).
fn mixed(key: u128) -> u64 {
    let bytes = key.to_le_bytes();
    let [low, high] = [bytes.first_chunk(), bytes.last_chunk()]
        .map(|half| half.map_or(0, |half| u64::from_le_bytes(*half)));
    let mut bits = low ^ high.rotate_left(32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for factor in [0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53] {
        bits = (bits ^ bits >> 33).wrapping_mul(factor);
    }
    bits ^ bits >> 33
}

/// Hashes what is a number already.
#[derive(Debug, Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mixed(u128::from(self.0) << 8 | u128::from(*byte));
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = mixed(key);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::scratch_in_memory::Memory;
    use crate::kernel::map::key_number;

    #[test]
    fn a_key_is_new_once_however_little_memory_there_is() {
        let keys: Vec<u128> = (0..20_000).map(|n| key_number(&format!("key-{}", n % 15_000))).collect();
        let expected: Vec<bool> = (0..20_000).map(|n| n < 15_000).collect();
        for bytes in [0, KEY_BYTES * 1_000, usize::MAX / 2] {
            let mut set = KeySet::new(bytes, Arc::new(Memory));
            let fresh: Vec<bool> = keys.chunks(777).flat_map(|chunk| set.admit(chunk).unwrap()).collect();
            assert!(fresh == expected, "{bytes} bytes, {} runs", set.runs.len());
            assert_eq!(set.runs.is_empty(), bytes > KEY_BYTES * 20_000);
        }
    }

    #[test]
    fn keys_next_to_each_other_are_told_apart() {
        let mut set = KeySet::new(0, Arc::new(Memory));
        assert_eq!(set.admit(&[1, 2, 2, 1, 0]).unwrap(), [true, true, false, false, true]);
    }
}
