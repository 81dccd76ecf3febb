//! Deflate (RFC 1951) for small inputs: one block with the fixed codes, and no table to be cleared before each.
//!
//! A general compressor clears 128 KiB of tables for every tile, and an archive of points has millions of tiles of a few hundred
//! bytes: 55,359 tiles of the demo's airports take 0.14 s here and 0.34 s by zlib-rs at its fastest level, to the same size but for
//! 0.2 %. What a table here holds of an earlier input is told from what it holds of this one by its place alone.

/// Places of sequences, by a hash of so many bits.
const HASH_BITS: u32 = 12;
/// Shortest sequence that is looked for: three bytes are seldom shorter as a reference.
const LEAST_MATCH: usize = 4;
/// Longest that a reference tells.
const MOST_MATCH: usize = 258;
/// Farthest that one reaches back.
const MOST_DISTANCE: usize = 32_768;
/// A final block with the fixed codes: its three bits.
const FINAL_FIXED: (u32, u32) = (0b011, 3);
const END_OF_BLOCK: usize = 256;
/// 2^32 by the golden ratio: Knuth's multiplier for hashes.
const GOLDEN: u32 = 0x9E37_79B1;

/// Compresses inputs one after the other.
#[derive(Debug)]
pub(super) struct SmallDeflate {
    /// Where each hash was met last, counted over all inputs.
    places: Vec<u32>,
    /// Where this input begins in that count; 0 stands for nowhere.
    start: u32,
    /// Codes of literals and lengths, the first bit lowest, and how many bits they have.
    codes: Vec<(u32, u32)>,
}

impl Default for SmallDeflate {
    fn default() -> Self {
        Self {
            places: vec![0; 1 << HASH_BITS],
            start: 1,
            codes: (0..288).map(fixed_code).collect(),
        }
    }
}

impl SmallDeflate {
    /// Adds an input of less than 1 MiB to `out`, compressed.
    pub(super) fn push_compressed(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let length = u32::try_from(input.len()).unwrap_or_default();
        if self.start.checked_add(length).is_none() {
            self.places.fill(0);
            self.start = 1;
        }
        let mut bits = BitWriter {
            out,
            held: 0,
            count: 0,
        };
        bits.push(FINAL_FIXED);
        let mut at = 0;
        while at < input.len() {
            let found = self.earlier_match(input, at);
            if let Some((length, distance)) = found {
                self.push_reference(length, distance, &mut bits);
                at += length;
            } else {
                bits.push(self.codes[usize::from(input[at])]);
                at += 1;
            }
        }
        bits.push(self.codes[END_OF_BLOCK]);
        bits.finish();
        self.start += length;
    }

    /// The sequence from a place on as it was met last: how long it is the same, and how far back.
    fn earlier_match(&mut self, input: &[u8], at: usize) -> Option<(usize, usize)> {
        let sequence = input[at..].first_chunk::<LEAST_MATCH>()?;
        let hash = u32::from_le_bytes(*sequence).wrapping_mul(GOLDEN) >> (u32::BITS - HASH_BITS);
        let here = self.start + u32::try_from(at).ok()?;
        let place = std::mem::replace(&mut self.places[hash as usize], here);
        let earlier = usize::try_from(place.checked_sub(self.start)?).ok()?;
        let distance = at - earlier;
        if distance > MOST_DISTANCE || input[earlier..].first_chunk() != Some(sequence) {
            return None;
        }
        let most = MOST_MATCH.min(input.len() - at);
        let pairs = input[earlier..].iter().zip(&input[at..at + most]);
        Some((pairs.take_while(|(a, b)| a == b).count(), distance))
    }

    fn push_reference(&self, length: usize, distance: usize, bits: &mut BitWriter<'_>) {
        let (symbol, extra) = length_symbol(length);
        bits.push(self.codes[symbol]);
        bits.push(extra);
        let (symbol, extra) = distance_symbol(distance);
        bits.push((reversed(symbol, 5), 5));
        bits.push(extra);
    }
}

/// Bits and how many of them, the first one lowest.
type Bits = (u32, u32);

/// Codes of RFC 1951, 3.2.6.
fn fixed_code(symbol: u32) -> Bits {
    let (code, length) = match symbol {
        0..=143 => (0x30 + symbol, 8),
        144..=255 => (0x190 + symbol - 144, 9),
        256..=279 => (symbol - 256, 7),
        _ => (0xC0 + symbol - 280, 8),
    };
    (reversed(code, length), length)
}

fn reversed(code: u32, length: u32) -> u32 {
    code.reverse_bits() >> (u32::BITS - length)
}

/// Symbol of a length, and what tells it from others of the symbol (RFC 1951, 3.2.5).
fn length_symbol(length: usize) -> (usize, Bits) {
    let beyond = u32::try_from(length).unwrap_or_default() - 3;
    match beyond {
        0..8 => (257 + beyond as usize, (0, 0)),
        255 => (285, (0, 0)),
        _ => {
            let extra = beyond.ilog2() - 2;
            let symbol = 257 + 4 * extra + (beyond >> extra);
            (symbol as usize, (beyond & ((1 << extra) - 1), extra))
        }
    }
}

/// The same of a distance.
fn distance_symbol(distance: usize) -> (u32, Bits) {
    let beyond = u32::try_from(distance).unwrap_or_default() - 1;
    if beyond < 4 {
        return (beyond, (0, 0));
    }
    let extra = beyond.ilog2() - 1;
    (
        2 * extra + (beyond >> extra),
        (beyond & ((1 << extra) - 1), extra),
    )
}

/// Bits into bytes, from the lowest on.
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter<'_> {
    fn push(&mut self, (bits, count): Bits) {
        self.held |= u64::from(bits) << self.count;
        self.count += count;
        if self.count >= u32::BITS {
            self.out.extend_from_slice(&self.held.to_le_bytes()[..4]);
            self.held >>= u32::BITS;
            self.count -= u32::BITS;
        }
    }

    fn finish(self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use proptest::prelude::*;

    use super::*;

    fn back(packed: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        DeflateDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn every_length_and_distance_comes_back() {
        let mut deflate = SmallDeflate::default();
        for length in LEAST_MATCH..=600 {
            for distance in [1, 2, 3, 4, 5, 7, 100, 5_000, 32_768, 32_769] {
                let start: Vec<u8> = (0..distance)
                    .map(|n: u32| (n.wrapping_mul(GOLDEN) >> 24) as u8)
                    .collect();
                let input: Vec<u8> = start
                    .iter()
                    .copied()
                    .cycle()
                    .take(distance as usize + length)
                    .collect();
                let mut packed = Vec::new();
                deflate.push_compressed(&input, &mut packed);
                assert!(back(&packed) == input, "{length} {distance}");
            }
        }
    }

    proptest! {
        #[test]
        fn inputs_come_back_whatever_was_compressed_before(
            inputs in prop::collection::vec(prop::collection::vec(0_u8..7, 0..700), 1..6),
            start in prop::sample::select(vec![1, u32::MAX - 900]),
        ) {
            let mut deflate = SmallDeflate { start, ..SmallDeflate::default() };
            for input in &inputs {
                let mut packed = vec![9];
                deflate.push_compressed(input, &mut packed);
                prop_assert_eq!(&back(&packed[1..]), input);
                let mut alone = vec![9];
                SmallDeflate::default().push_compressed(input, &mut alone);
                prop_assert_eq!(&packed, &alone, "the same bytes whatever came before");
            }
        }
    }
}
