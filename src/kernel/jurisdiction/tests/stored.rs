//! An index written and read back: the same answers, and an error for whatever was done to its bytes.

use geo::{Point, Rect};
use proptest::prelude::*;

use super::super::{JurisdictionIndex, StoredIndexError};
use super::{boundary, star};

fn bytes_of(index: &JurisdictionIndex) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.write_to(&mut bytes).unwrap();
    bytes
}

fn small_index() -> JurisdictionIndex {
    let square = |n: u32| {
        let west = f64::from(n % 9) / 2.0;
        let mut square = boundary(
            &format!("{n:03}"),
            Rect::new((west, 0.0), (west + 1.0, 1.0)).to_polygon(),
        );
        square.name = (!n.is_multiple_of(3)).then(|| format!("Señor {n}"));
        square
    };
    JurisdictionIndex::build((0..7).map(square).collect())
}

#[test]
fn an_empty_index_and_a_small_one_come_back() {
    for index in [JurisdictionIndex::build(vec![]), small_index()] {
        let bytes = bytes_of(&index);
        let again = JurisdictionIndex::read_from(&mut bytes.as_slice()).unwrap();
        assert_eq!(again.len(), index.len());
        assert!(again.names().eq(index.names()));
        assert_eq!(bytes_of(&again), bytes, "nothing is lost");
        assert_eq!(again.memory_bytes(), index.memory_bytes());
    }
}

#[test]
fn a_file_cut_short_anywhere_is_an_error() {
    let bytes = bytes_of(&small_index());
    for end in (0..bytes.len()).step_by(7) {
        let result = JurisdictionIndex::read_from(&mut &bytes[..end]);
        assert!(matches!(result, Err(StoredIndexError::Read(_))), "cut at {end}");
    }
}

#[test]
fn a_changed_bit_anywhere_is_an_error() {
    let bytes = bytes_of(&small_index());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let error = JurisdictionIndex::read_from(&mut changed.as_slice()).unwrap_err();
        let is_expected = match at {
            0..8 => matches!(error, StoredIndexError::Foreign),
            8..16 => matches!(error, StoredIndexError::Version { .. }),
            _ => matches!(error, StoredIndexError::Damaged { .. }),
        };
        assert!(is_expected, "byte {at}: {error}");
    }
}

#[test]
fn what_follows_an_index_stays_unread() {
    let mut bytes = bytes_of(&small_index());
    bytes.extend(b"more");
    let mut rest = bytes.as_slice();
    JurisdictionIndex::read_from(&mut rest).unwrap();
    assert_eq!(rest, b"more");
}

/// Bytes with this number in place of another, and every checksum made right again.
fn forged(bytes: &[u8], at: usize, number: u32) -> Vec<u8> {
    use std::hash::Hasher;
    let mut forged = bytes.to_vec();
    forged[at..at + 4].copy_from_slice(&number.to_le_bytes());
    let mut begin = 16;
    while begin < forged.len() {
        let length = forged
            .get(begin..begin + 8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()));
        let is_end = begin + 8 == forged.len();
        let sum_at = if is_end { begin } else { begin + 8 };
        let mut sum = twox_hash::XxHash3_64::new();
        sum.write(&forged[..sum_at]);
        forged[sum_at..sum_at + 8].copy_from_slice(&sum.finish().to_le_bytes());
        begin = if is_end {
            forged.len()
        } else {
            begin + 16 + usize::try_from(length.unwrap()).unwrap()
        };
    }
    forged
}

#[test]
fn a_forged_number_is_an_error_or_a_harmless_answer() {
    let bytes = bytes_of(&small_index());
    // The lists' contents, their lengths left alone.
    let mut spans = Vec::new();
    let mut begin = 16;
    while begin + 8 < bytes.len() {
        let length =
            usize::try_from(u64::from_le_bytes(bytes[begin..begin + 8].try_into().unwrap())).unwrap();
        spans.push(begin + 16..begin + 16 + length);
        begin += 16 + length;
    }
    let places = spans
        .into_iter()
        .flat_map(|span| span.step_by(4))
        .filter(|at| at + 4 <= bytes.len());
    for at in places.collect::<Vec<_>>() {
        for number in [0, 1, 77, 0x7FFF_FFFF, 0x8000_0003, u32::MAX] {
            let Ok(index) = JurisdictionIndex::read_from(&mut forged(&bytes, at, number).as_slice()) else {
                continue;
            };
            for x in [-1.0, 0.0, 0.5, 2.25, 4.0, 180.0] {
                let point = Point::new(x, 0.5);
                let _ = (
                    index.ranks_of(&[point]),
                    index.ranks_holding(point),
                    index.nearest(point, 1e5),
                );
                let _ = index.ranks_touching(&point.into());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn answers_are_the_same_read_back(
        stars in prop::collection::vec(star(), 1..6),
        probes in prop::collection::vec((-24i8..=24, -24i8..=24), 40),
    ) {
        let set = stars.iter().zip(["D", "B", "A", "C", "A", "B"]).map(|(star, code)| boundary(code, star.clone()));
        let index = JurisdictionIndex::build(set.collect());
        let again = JurisdictionIndex::read_from(&mut bytes_of(&index).as_slice()).unwrap();
        let points: Vec<Point<f64>> = probes.iter().map(|&(x, y)| Point::new(f64::from(x) / 2.0, f64::from(y) / 2.0)).collect();
        prop_assert_eq!(again.ranks_of(&points), index.ranks_of(&points));
        for point in points {
            prop_assert_eq!(again.nearest(point, 2e5), index.nearest(point, 2e5));
        }
    }
}
