//! A map as JSON where its keys are no texts: a list of pairs. For `#[serde(with = "entries")]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a map as a list of pairs, in the order of the keys.
///
/// # Errors
/// As the serializer.
pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
    map: &BTreeMap<K, V>,
    out: S,
) -> Result<S::Ok, S::Error> {
    // Members of a JSON object are named by texts: of a map whose keys are tuples or options serde_json makes an error.
    out.collect_seq(map)
}

/// Reads it back; of a key that is there twice the last counts.
///
/// # Errors
/// As the deserializer.
pub fn deserialize<'de, K, V, D>(input: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Vec::<(K, V)>::deserialize(input)?.into_iter().collect())
}
