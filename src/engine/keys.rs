//! Which keys of a layer have been seen, in memory that is bounded.
//!
//! The newest keys are a hash set. When that has its share of the budget, it becomes a sorted run in a scratch file, of
//! which memory keeps a Bloom filter and every so many keys: a new key costs a look into the filters of those runs whose
//! range it is in (none, where the source is in the order of its keys), a repeated one a short read.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use parquet::bloom_filter::Sbbf;

use crate::feature::{ScratchFile, ScratchSpace, records};

/// Bytes that a key takes in the hash set, its share of empty places included.
const HASHED_BYTES: usize = 28;
/// Bytes of a key in a run.
const STORED_BYTES: usize = 16;
/// Keys that a hash set holds at least.
const LEAST_KEYS: usize = 256;
/// Bytes of a run's filter for each key: one key in a thousand is looked for in vain.
const FILTER_BYTES: usize = 2;
/// Bytes of a block of a filter.
const FILTER_BLOCK: usize = 32;

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
        let most = (bytes / HASHED_BYTES).max(LEAST_KEYS);
        Self {
            newest: HashSet::default(),
            most,
            runs: vec![],
            space,
        }
    }

    /// Adds keys in order; tells of each whether it was new.
    ///
    /// # Errors
    /// When the scratch file can't be written to or read.
    pub(super) fn insert_all(&mut self, keys: &[u128]) -> io::Result<Vec<bool>> {
        let mut fresh = vec![true; keys.len()];
        for run in &self.runs {
            for (fresh, key) in fresh.iter_mut().zip(keys) {
                *fresh = *fresh && !run.contains(*key)?;
            }
        }
        // The set last, and in order: of a key that stands twice in this batch, the first row is the new one.
        for (fresh, key) in fresh.iter_mut().zip(keys) {
            *fresh = *fresh && self.newest.insert(*key);
        }
        if self.newest.len() >= self.most {
            self.spill_newest()?;
        }
        Ok(fresh)
    }

    /// Whether a key has been seen.
    ///
    /// # Errors
    /// When the scratch file can't be read.
    pub(super) fn has_seen(&self, key: u128) -> io::Result<bool> {
        if self.newest.contains(&key) {
            return Ok(true);
        }
        for run in &self.runs {
            if run.contains(key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes a run of the newest keys.
    fn spill_newest(&mut self) -> io::Result<()> {
        let file = self
            .space
            .create_file((self.newest.len() * STORED_BYTES) as u64)?;
        let mut keys: Vec<u128> = self.newest.drain().collect();
        keys.sort_unstable();
        self.runs.push(Run::write_sorted(&keys, file.into())?);
        Ok(())
    }
}

/// Sorted keys in a file.
#[derive(Debug)]
struct Run {
    keys: records::Run<STORED_BYTES>,
    range: RangeInclusive<u128>,
    filter: Sbbf,
}

impl Run {
    fn write_sorted(keys: &[u128], file: Arc<dyn ScratchFile>) -> io::Result<Self> {
        let bytes = (keys.len() * FILTER_BYTES).next_multiple_of(FILTER_BLOCK);
        let mut filter = Sbbf::new(&vec![0; bytes]);
        for key in keys {
            filter.insert(&key.to_be_bytes()[..]);
        }
        let range = keys[0]..=keys[keys.len() - 1];
        let keys = records::Run::write(keys.iter().map(|key| Ok(key.to_be_bytes())), file)?;
        Ok(Self { keys, range, filter })
    }

    fn contains(&self, key: u128) -> io::Result<bool> {
        // At fifty million rows a quarter of reading went into filters. Sources are mostly in the order of their keys, and
        // numbers of short keys are, too: a new key is then beyond the range of every run.
        if !self.range.contains(&key) {
            return Ok(false);
        }
        let key = key.to_be_bytes();
        Ok(self.filter.check(&key[..]) && self.keys.has_record(&key)?)
    }
}

/// A key's bits, each depending on all of them (the finish of `MurmurHash3`, of both halves).
pub(super) fn mix_bits(key: u128) -> u64 {
    let bytes = key.to_le_bytes();
    let [low, high] = [bytes.first_chunk(), bytes.last_chunk()]
        .map(|half| half.map_or(0, |half| u64::from_le_bytes(*half)));
    let mut bits = low ^ high.rotate_left(32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for factor in [0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53] {
        bits = (bits ^ bits >> 33).wrapping_mul(factor);
    }
    bits ^ bits >> 33
}

/// Hashes what is a number already. The numbers of short keys are their bytes: without mixing, keys that are counted up
/// would fill neighbouring places of the set.
#[derive(Debug, Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix_bits(u128::from(self.0) << 8 | u128::from(*byte));
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = mix_bits(key);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::scratch_in_memory::Memory;
    use crate::kernel::keys::key_number;

    #[test]
    fn a_key_is_new_once_however_little_memory_there_is() {
        let keys: Vec<u128> = (0..20_000)
            .map(|n| key_number(&format!("key-{}", n % 15_000)))
            .collect();
        let expected: Vec<bool> = (0..20_000).map(|n| n < 15_000).collect();
        for bytes in [0, HASHED_BYTES * 1_000, usize::MAX / 2] {
            let mut set = KeySet::new(bytes, Arc::new(Memory));
            let fresh: Vec<bool> = keys
                .chunks(777)
                .flat_map(|chunk| set.insert_all(chunk).unwrap())
                .collect();
            assert!(fresh == expected, "{bytes} bytes, {} runs", set.runs.len());
            assert_eq!(set.runs.is_empty(), bytes > HASHED_BYTES * 20_000);
        }
    }

    #[test]
    fn keys_next_to_each_other_are_told_apart() {
        let mut set = KeySet::new(0, Arc::new(Memory));
        assert_eq!(
            set.insert_all(&[1, 2, 2, 1, 0]).unwrap(),
            [true, true, false, false, true]
        );
    }
}
