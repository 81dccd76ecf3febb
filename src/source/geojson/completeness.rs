//! Whether a collection of features says of itself that it is a part of what its server has.
//!
//! Pure. Servers that page say so in members beside the features, and each family in its own words.

use crate::source::json::{self, object_members};

/// Members by which `ArcGIS` says that there are more rows; GeoJSON of newer servers has it in `properties`.
const CUT: &str = "exceededTransferLimit";

/// Members that number all features there are: OGC API Features and WFS 2, older `GeoServer`s.
const ALL: [&str; 3] = ["numberMatched", "totalFeatures", "numberOfFeatures"];

/// The member that numbers the features of the answer itself.
const RETURNED: &str = "numberReturned";

/// Members whose own members speak of the whole collection: `properties` of `ArcGIS`, `pagination` of the National
/// Weather Service, `context` of STAC, `meta` of JSON:API.
const ABOUT: [&str; 4] = ["properties", "pagination", "context", "meta"];

/// What a collection has said of itself so far.
#[derive(Default)]
pub(super) struct Completeness {
    is_cut: bool,
    has_next_page: bool,
    /// The member that numbers all features, and its number.
    total: Option<(String, u64)>,
    returned: Option<u64>,
}

impl Completeness {
    /// Takes a member beside the features.
    pub(super) fn note_member(&mut self, key: &str, raw: &[u8]) {
        if ABOUT.contains(&key) {
            for (inner, raw) in object_members(raw).unwrap_or_default() {
                self.note_one(&inner, raw, key == "context");
            }
        }
        self.note_one(key, raw, false);
    }

    fn note_one(&mut self, key: &str, raw: &[u8], is_context: bool) {
        self.is_cut |= key == CUT && matches!(raw, b"true" | b"\"true\"" | b"1");
        self.has_next_page |= is_next_page(key, raw);
        let Some(number) = parse_count(raw) else { return };
        if ALL.contains(&key) || is_context && key == "matched" {
            // GeoServer writes `totalFeatures` beside `numberMatched`; the greatest is the one that rows can be
            // missing from.
            let is_greater = self.total.as_ref().is_none_or(|(_, total)| *total < number);
            if is_greater {
                self.total = Some((key.to_owned(), number));
            }
        }
        if key == RETURNED || is_context && key == "returned" {
            self.returned = Some(number);
        }
    }

    /// Why the features are not all, where the collection has so many.
    pub(super) fn why_partial(&self, features: u64) -> Option<String> {
        if self.is_cut {
            return Some(format!("`{CUT}` is true"));
        }
        if let Some((key, total)) = &self.total {
            // A number of all settles it, whatever links say.
            return (*total > features)
                .then(|| format!("`{key}` is {total}, and it has {features} features"));
        }
        // More returned than there are: the answer was cut on its way.
        if let Some(returned) = self.returned.filter(|returned| *returned > features) {
            return Some(format!(
                "`{RETURNED}` is {returned}, and it has {features} features"
            ));
        }
        self.has_next_page
            .then(|| "it has a link to the next page".to_owned())
    }
}

/// A whole number that isn't negative, also as text or with a point.
fn parse_count(raw: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(raw).ok()?.trim_matches('"');
    let whole = text
        .split_once('.')
        .filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
    whole.map_or(text, |(whole, _)| whole).parse().ok()
}

/// Whether a member points to a next page: `links` or `_links` with the relation `next`, a `next` of its own, or
/// `OData`'s.
fn is_next_page(key: &str, raw: &[u8]) -> bool {
    match key {
        "next" | "@odata.nextLink" | "odata.nextLink" => is_target(raw),
        "links" | "_links" => match object_members(raw) {
            Some(links) => links.iter().any(|(name, raw)| name == "next" && is_target(raw)),
            None => json::array_elements(raw)
                .unwrap_or_default()
                .into_iter()
                .any(is_next_link),
        },
        _ => false,
    }
}

/// Whether a value is an address, alone or as the `href` of a link: `next` may be the day of the next edition, too.
fn is_target(raw: &[u8]) -> bool {
    let href = object_members(raw)
        .unwrap_or_default()
        .into_iter()
        .find(|(key, _)| key == "href");
    let text = json::parse_string(href.map_or(raw, |(_, raw)| raw));
    text.is_some_and(|text| text.contains(['/', '?', '=']) && !text.contains(char::is_whitespace))
}

fn is_next_link(link: &[u8]) -> bool {
    let members = object_members(link).unwrap_or_default();
    let relations = json::member(&members, "rel").unwrap_or_default();
    let says_next = is_next_relation(relations)
        || json::array_elements(relations)
            .unwrap_or_default()
            .into_iter()
            .any(is_next_relation);
    // A last page of some servers has an empty link.
    let has_target = json::member(&members, "href")
        .is_none_or(|href| json::parse_string(href).is_some_and(|href| !href.trim().is_empty()));
    says_next && has_target
}

/// Whether a link's relation is `next`; registered ones may be written as the address of their registration (RFC 8288).
fn is_next_relation(raw: &[u8]) -> bool {
    let relation = json::parse_string(raw).unwrap_or_default();
    relation
        .rsplit('/')
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(key: &str, raw: &str) -> Option<String> {
        let mut whole = Completeness::default();
        whole.note_member(key, raw.as_bytes());
        whole.why_partial(2)
    }

    #[test]
    fn a_part_says_so_in_many_ways() {
        for (key, raw) in [
            ("exceededTransferLimit", "true"),
            ("properties", r#"{"exceededTransferLimit":true}"#),
            ("numberMatched", "9500"),
            ("totalFeatures", "9500"),
            ("properties", r#"{"numberMatched": 3}"#),
            (
                "links",
                r#"[{"rel":"self","href":"a"},{"rel":"next","href":"b"}]"#,
            ),
            ("links", r#"{"next":"https://example.org/2"}"#),
            ("links", r#"{"next":{"href":"https://example.org/2"}}"#),
            ("links", r#"[{"rel":["next"],"href":"b"}]"#),
            (
                "links",
                r#"[{"rel":"http://www.opengis.net/def/rel/ogc/1.0/next","href":"b"}]"#,
            ),
            ("_links", r#"{"next":{"href":"/items?page=2"}}"#),
            ("@odata.nextLink", r#""https://example.org/2""#),
            (
                "pagination",
                r#"{"next":"https://example.org/stations?cursor=x"}"#,
            ),
            ("context", r#"{"returned":2,"limit":2,"matched":9500}"#),
            ("numberMatched", "9500.0"),
            ("numberReturned", "3"),
            ("next", r#""https://example.org/2""#),
        ] {
            assert!(denial(key, raw).is_some(), "{key} {raw}");
        }
        for (key, raw) in [
            ("exceededTransferLimit", "false"),
            ("numberMatched", "2"),
            ("numberMatched", "\"unknown\""),
            ("totalFeatures", "null"),
            (
                "links",
                r#"[{"rel":"self","href":"a"},{"rel":"prev","href":"b"}]"#,
            ),
            ("next", "null"),
            ("next", "\"2025-07-01\""),
            ("next", "\"none\""),
            ("properties", r#"{"updated":"2025-01-01","next":"2025-07-01"}"#),
            ("links", r#"[{"rel":"next","href":""}]"#),
            ("links", r#"[{"rel":"next","href":null}]"#),
            ("links", r#"{"next":null}"#),
            ("context", r#"{"returned":2,"matched":2}"#),
            ("name", "\"next\""),
        ] {
            assert_eq!(denial(key, raw), None, "{key} {raw}");
        }
        // All that there are, and a link that a server writes on every page.
        let mut whole = Completeness::default();
        whole.note_member("numberMatched", b"2");
        whole.note_member("next", br#""https://example.org/2""#);
        assert_eq!(whole.why_partial(2), None);
    }
}
