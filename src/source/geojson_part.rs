//! Whether a collection of features says of itself that it is a part of what its server has.
//!
//! Pure. Servers that page say so in members beside the features, and each family in its own words.

use std::borrow::Cow;

use super::json::{self, members};

/// Members by which `ArcGIS` says that there are more rows; GeoJSON of newer servers has it in `properties`.
const CUT: &str = "exceededTransferLimit";

/// Members that number all features there are: OGC API Features and WFS 2, older `GeoServer`s.
const ALL: [&str; 3] = ["numberMatched", "totalFeatures", "numberOfFeatures"];

/// What a collection has said of itself so far.
#[derive(Default)]
pub(super) struct Whole {
    denial: Option<String>,
    all: Option<(&'static str, u64)>,
}

impl Whole {
    /// Takes a member beside the features.
    pub(super) fn note(&mut self, key: &str, raw: &[u8]) {
        match key {
            "properties" => {
                for (key, raw) in members(raw).unwrap_or_default() {
                    self.note_one(&key, raw);
                }
            }
            key => self.note_one(key, raw),
        }
    }

    fn note_one(&mut self, key: &str, raw: &[u8]) {
        if key == CUT && matches!(raw, b"true" | b"\"true\"" | b"1") {
            self.denial = Some(format!("`{CUT}` is true"));
        }
        if is_next(key, raw) {
            self.denial.get_or_insert_with(|| "it has a link to the next page".to_owned());
        }
        let number = || std::str::from_utf8(raw).ok()?.trim_matches('"').parse().ok();
        if let Some((key, all)) = ALL.iter().find(|name| **name == key).zip(number()) {
            self.all = self.all.max(Some((*key, all)));
        }
    }

    /// Why the features are not all, where the collection has so many.
    pub(super) fn denial(&self, features: u64) -> Option<String> {
        let more = self.all.filter(|(_, all)| *all > features);
        let counted = more.map(|(key, all)| format!("`{key}` is {all}, and it has {features} features"));
        self.denial.clone().or(counted)
    }
}

/// Whether a member points to a next page: `links` with the relation `next`, or a `next` of its own.
fn is_next(key: &str, raw: &[u8]) -> bool {
    let target = |raw: &[u8]| json::string(raw).is_some_and(|text| !text.trim().is_empty());
    match key {
        "next" => target(raw),
        "links" => match members(raw) {
            Some(links) => links.iter().any(|(name, raw)| name == "next" && target(raw)),
            None => json::elements(raw).unwrap_or_default().into_iter().any(is_next_link),
        },
        _ => false,
    }
}

fn is_next_link(link: &[u8]) -> bool {
    let members = members(link).unwrap_or_default();
    let relation = members.iter().find(|(key, _)| key == "rel").and_then(|(_, raw)| json::string(raw));
    relation.is_some_and(|relation: Cow<'_, str>| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(key: &str, raw: &str) -> Option<String> {
        let mut whole = Whole::default();
        whole.note(key, raw.as_bytes());
        whole.denial(2)
    }

    #[test]
    fn a_part_says_so_in_many_ways() {
        for (key, raw) in [
            ("exceededTransferLimit", "true"),
            ("properties", r#"{"exceededTransferLimit":true}"#),
            ("numberMatched", "9500"),
            ("totalFeatures", "9500"),
            ("properties", r#"{"numberMatched": 3}"#),
            ("links", r#"[{"rel":"self","href":"a"},{"rel":"next","href":"b"}]"#),
            ("links", r#"{"next":"https://example.org/2"}"#),
            ("next", r#""https://example.org/2""#),
        ] {
            assert!(denial(key, raw).is_some(), "{key} {raw}");
        }
        for (key, raw) in [
            ("exceededTransferLimit", "false"),
            ("numberMatched", "2"),
            ("numberMatched", "\"unknown\""),
            ("totalFeatures", "null"),
            ("links", r#"[{"rel":"self","href":"a"},{"rel":"prev","href":"b"}]"#),
            ("next", "null"),
            ("name", "\"next\""),
        ] {
            assert_eq!(denial(key, raw), None, "{key} {raw}");
        }
    }
}
