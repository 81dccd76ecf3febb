//! A page of rows in Esri JSON: where each row stands in it, and its object id.
//!
//! Members may come in any order, `fields` and `geometryType` may be missing. Rows stay as the server wrote them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::answer::{Members, parse_members};
use super::error::ArcgisError;
use super::pbf::MAX_PAGE_ROWS;

/// A page, as far as a pull looks into it.
pub(super) struct Page<'a> {
    /// Rows as written.
    pub(super) rows: Vec<&'a RawValue>,
    /// Object id of each row; none where the row has none.
    pub(super) oids: Vec<Option<i64>>,
    /// Whether the server says that there are more.
    pub(super) is_cut: bool,
    /// Everything else of the page.
    pub(super) rest: Members<'a>,
}

impl Page<'_> {
    /// What it says beside its rows, and how the values of its first row are called.
    pub(super) fn text_beside_rows(&self) -> String {
        let beside = self
            .rest
            .iter()
            .map(|(name, value)| format!("{name} {}\n", value.get()));
        beside
            .chain(
                self.rows
                    .first()
                    .map(|row| attribute_names(row))
                    .unwrap_or_default(),
            )
            .collect()
    }
}

/// Names of a row's values.
fn attribute_names(row: &RawValue) -> Vec<String> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        attributes: serde_json::Map<String, serde_json::Value>,
    }
    let row: Option<Row> = serde_json::from_str(row.get()).ok();
    row.map(|row| row.attributes.into_iter().map(|(name, _)| name + "\n").collect())
        .unwrap_or_default()
}

/// Reads a page; `oid` is the name of the object id.
///
/// # Errors
/// No JSON, a service's error, or an answer without `features`.
pub(super) fn parse_page<'a>(url: &str, body: &'a [u8], oid: Option<&str>) -> Result<Page<'a>, ArcgisError> {
    let mut rest = parse_members(url, body)?;
    let Some(features) = rest.remove("features") else {
        return Err(ArcgisError::incapable("an answer has no features"));
    };
    let (rows, oids) = parse_rows(features, oid)
        .map_err(|fault| ArcgisError::not_json(url, features.get().as_bytes(), &fault))?;
    let is_cut = rest
        .remove("exceededTransferLimit")
        .is_some_and(|said| said.get() == "true");
    Ok(Page {
        rows,
        oids,
        is_cut,
        rest,
    })
}

/// Rows as written, and the object id of each.
type RowsWithIds<'a> = (Vec<&'a RawValue>, Vec<Option<i64>>);

fn parse_rows<'a>(features: &'a RawValue, oid: Option<&str>) -> Result<RowsWithIds<'a>, serde_json::Error> {
    let Rows(rows) = serde_json::from_str(features.get())?;
    let Some(oid) = oid else {
        let none = vec![None; rows.len()];
        return Ok((rows, none));
    };
    let mut oids = Vec::with_capacity(rows.len());
    for row in &rows {
        oids.push(oid_of(row, oid)?);
    }
    Ok((rows, oids))
}

/// Rows of a page, of which a few bytes could claim to be one.
struct Rows<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Rows<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Self(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Rows<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<Self, A::Error> {
        while let Some(row) = rows.next_element()? {
            if self.0.len() == MAX_PAGE_ROWS {
                return Err(de::Error::custom(format_args!(
                    "more than {MAX_PAGE_ROWS} rows in one answer"
                )));
            }
            self.0.push(row);
        }
        Ok(self)
    }
}

fn oid_of(row: &RawValue, oid: &str) -> Result<Option<i64>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Row<'a> {
        #[serde(borrow, default)]
        attributes: Option<&'a RawValue>,
    }
    let row: Row<'_> = serde_json::from_str(row.get())?;
    let Some(attributes) = row.attributes else {
        return Ok(None);
    };
    Attribute { name: oid }.deserialize(&mut serde_json::Deserializer::from_str(attributes.get()))
}

/// One attribute by name; servers change the case of names, so that counts only where no name is equal.
struct Attribute<'a> {
    name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Attribute<'_> {
    type Value = Option<i64>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Attribute<'_> {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the attributes of a row")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut exact = None;
        let mut folded = None;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if name == self.name {
                exact = parse_object_id(&map.next_value()?);
            } else if name.eq_ignore_ascii_case(self.name) {
                folded = parse_object_id(&map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(exact.or(folded))
    }
}

/// An id as servers write them: `7`, `6.4579816E7`, `"7"`.
pub(super) fn parse_object_id(value: &serde_json::Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_f64().and_then(whole_number))
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// A number without a fraction, as far as a double tells one id from the next.
#[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
fn whole_number(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_any_order_and_some_not_at_all() {
        let body = br#"{"features":[{"geometry":null,"attributes":{"N":"x","OBJECTID":7}},{"attributes":{"objectid":8}}],"exceededTransferLimit":true,"geometryType":"esriGeometryPoint"}"#;
        let page = parse_page("u", body, Some("OBJECTID")).unwrap();
        assert_eq!((page.oids, page.is_cut), (vec![Some(7), Some(8)], true));
        assert_eq!(page.rest.keys().collect::<Vec<_>>(), ["geometryType"]);
    }

    #[test]
    fn object_ids_are_numbers_however_they_are_written() {
        let body = br#"{"features":[{"attributes":{"id":6.4579816E7}},{"attributes":{"id":"9"}},{"attributes":{"id":1.5}},{"attributes":{"id":-3}},{"attributes":null},{}]}"#;
        let page = parse_page("u", body, Some("id")).unwrap();
        assert_eq!(page.oids, [Some(64_579_816), Some(9), None, Some(-3), None, None]);
    }

    #[test]
    fn a_name_that_is_equal_counts_before_one_in_other_case() {
        let body = br#"{"features":[{"attributes":{"OID":1,"oid":2,"Oid":3}}]}"#;
        assert_eq!(parse_page("u", body, Some("oid")).unwrap().oids, [Some(2)]);
    }

    #[test]
    fn an_answer_without_features_is_a_refusal() {
        let error = parse_page("u", br#"{"count":3}"#, None).err().unwrap();
        assert!(error.is_refusal(), "{error}");
    }
}
