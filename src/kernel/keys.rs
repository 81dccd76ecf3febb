//! Keys of rows: as text, which ids are made of, and as numbers, which a layer's keys are compared by.
//!
//! Pure.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, StringArray};
use arrow_schema::DataType;
use sha2::{Digest, Sha256};

use super::fields::Steps;
use super::quote::shortened;
use crate::feature::{Defect, RejectReason, spelling};
use crate::plan::LayerSchema;

/// Longest key that is its own number, bytes.
const WHOLE_KEY: usize = 15;

/// A key as a number, such that two keys are the same if and only if their numbers are.
///
/// A key of at most 15 bytes is its length and its bytes: exact, and in the order that counted ids have. A longer one is
/// the first 120 bits of its SHA-256, with a mark that no length is. Two of a hundred million such keys meet by chance in
/// one of 10²⁰ layers, and nobody knows how to make two that do.
///
/// ```
/// use cikr::kernel::keys::key_number;
///
/// assert_eq!(key_number("42"), 0x02_3432 << 104);
/// assert!(key_number("9") < key_number("10"), "ids that are counted stay in their order");
/// assert_ne!(key_number("EAST-RIVER-STATION-1"), key_number("EAST-RIVER-STATION-2"));
/// ```
pub fn key_number(key: &str) -> u128 {
    let mut number = [0; 16];
    if key.len() <= WHOLE_KEY {
        // At most 15, so that nothing is cut off.
        number[0] = key.len().to_le_bytes()[0];
        number[1..=key.len()].copy_from_slice(key.as_bytes());
    } else {
        number[0] = u8::MAX;
        number[1..].copy_from_slice(&Sha256::digest(key)[..WHOLE_KEY]);
    }
    u128::from_be_bytes(number)
}

/// Key of every row: the key fields as text, joined with `/`; null where one is null.
///
/// In a key of several fields, `/` and `%` within a value are percent-encoded, so that no two keys meet.
pub(super) fn build_keys(steps: &[Steps], names: &[String], schema: &LayerSchema) -> StringArray {
    let parts: Vec<StringArray> = names
        .iter()
        .filter_map(|name| schema.fields.iter().position(|field| field.name == *name))
        .map(|at| key_part(&steps[at]))
        .collect();
    match parts.as_slice() {
        // A key of one field is that field: nothing can meet, and nothing is encoded.
        [only] => only.clone(),
        several => (0..several.first().map_or(0, StringArray::len))
            .map(|row| joined_key(several, row))
            .collect(),
    }
}

/// The key of a row of several parts; none where one is null.
fn joined_key(parts: &[StringArray], row: usize) -> Option<String> {
    let parts: Option<Vec<String>> = parts
        .iter()
        .map(|part| part.is_valid(row).then(|| percent_encoded(part.value(row))))
        .collect();
    Some(parts?.join("/"))
}

/// A part of a key, such that parts never run together.
fn percent_encoded(value: &str) -> String {
    value.replace('%', "%25").replace('/', "%2F")
}

/// The keys, those that repeat with the fields behind them that tell their rows apart; where these are null, as they are.
///
/// Only those that repeat: ids of all other rows stay what they were before a key repeated for the first time.
pub(super) fn tell_apart(
    keys: StringArray,
    steps: &[Steps],
    schema: &LayerSchema,
    repeated: &HashMap<u128, u64>,
) -> StringArray {
    if repeated.is_empty() || schema.key_repeated.is_empty() {
        return keys;
    }
    let further = build_keys(steps, &schema.key_repeated, schema);
    keys.iter()
        .zip(&further)
        .map(|(key, further)| {
            let key = key?;
            let further = further.filter(|_| repeated.contains_key(&key_number(key)));
            Some(further.map_or_else(|| key.to_owned(), |further| longer_key(key, further, schema)))
        })
        .collect()
}

/// A key with further fields behind it. Keys of one field come as they are in the source, those of several are encoded.
fn longer_key(key: &str, further: &str, schema: &LayerSchema) -> String {
    match (schema.key.len(), schema.key_repeated.len()) {
        (1, 1) => format!("{}/{}", percent_encoded(key), percent_encoded(further)),
        (1, _) => format!("{}/{further}", percent_encoded(key)),
        (_, 1) => format!("{key}/{}", percent_encoded(further)),
        (_, _) => format!("{key}/{further}"),
    }
}

/// A key field as text: integers as they are written canonically, anything else as in the source.
///
/// A source that writes `7` one night and `7.0` the next, or a column that is read as text and then as numbers, has the same
/// facilities.
fn key_part(steps: &Steps) -> StringArray {
    let is_canonical = matches!(steps.value.data_type(), DataType::Int64 | DataType::Utf8);
    spelling::spell_column(if is_canonical { &steps.value } else { &steps.known })
}

/// Rows without a key, each with what its first key field says.
pub(super) fn rows_without_key(
    keys: &StringArray,
    steps: &[Steps],
    schema: &LayerSchema,
    sources: &[Vec<String>],
) -> impl Iterator<Item = Defect> {
    // Of a key of several fields the first stands for all: a reject names one column of the source, as the source has it.
    let at = schema.fields.iter().position(|field| field.name == schema.key[0]);
    let name = at
        .and_then(|at| sources[at].first().cloned())
        .unwrap_or_else(|| schema.key[0].clone());
    let raw = at.map(|at| Arc::clone(&steps[at].raw));
    (0..keys.len())
        .filter(|row| keys.is_null(*row))
        .map(move |index| {
            let value = raw
                .as_ref()
                .and_then(|raw| spelling::spell_value(raw, index))
                .unwrap_or_default();
            Defect {
                index,
                field: name.clone(),
                value: shortened(&value),
                reason: RejectReason::NoKey,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::key_number;

    #[test]
    fn different_keys_have_different_numbers() {
        let long = "x".repeat(16);
        let keys = [
            "",
            "\0",
            "\0\0",
            "a",
            "a\0",
            "123456789012345",
            "1234567890123456",
            &long,
            "é",
        ];
        for (at, key) in keys.iter().enumerate() {
            for other in &keys[at + 1..] {
                assert_ne!(key_number(key), key_number(other), "{key:?} {other:?}");
            }
        }
    }

    #[test]
    fn numbers_of_counted_keys_are_in_their_order() {
        let keys = ["7", "9", "10", "11", "100", "a10", "b09"];
        assert!(keys.is_sorted_by_key(|key| key_number(key)));
    }
}
