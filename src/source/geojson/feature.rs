//! One GeoJSON feature, as raw JSON, becomes one row.
//!
//! Property values come out as text, spelled as in the file (`12.50` says more than the number does); nested ones as
//! compact JSON.
//! A member `id` of the feature itself becomes the column `$id`. Where a feature names a property
//! twice, the first counts.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::geometry::from_geojson;
use crate::feature::RejectReason;
use crate::source::batch::{BatchBuilder, MAX_COLUMNS};
use crate::source::error::SourceError;
use crate::source::json::{self, object_members};
use crate::source::sniff::decode_text;

/// Column of the feature's own `id`.
const ID: &str = "$id";

/// Puts the feature `raw` into the batch as row `row`; one that can't be parsed as a row of
/// nulls with its defect.
pub(super) fn put_feature(
    raw: &[u8],
    row: u64,
    shown: &str,
    batch: &mut BatchBuilder,
    wkb: &mut Vec<u8>,
) -> Result<(), SourceError> {
    let text = decode_text(raw);
    if matches!(text, Cow::Owned(_)) {
        batch.count_recoded();
    }
    let feature = match Feature::parse(text.as_bytes()) {
        Ok(feature) => feature,
        Err(reason) => {
            batch.note_defect(
                "record",
                &format!("{reason}: {text:.200}"),
                RejectReason::MalformedRecord,
            );
            batch.end_row(row, None);
            return Ok(());
        }
    };
    batch.count_not_numbers(feature.not_numbers);
    for (name, value) in &feature.values {
        let Some(column) = batch.find_or_add_column(name) else {
            return Err(SourceError::TooManyColumns {
                shown: shown.to_owned(),
                row,
                limit: MAX_COLUMNS,
            });
        };
        if let Some(value) = value {
            batch.put_text(column, value);
        }
    }
    let found = match feature.geometry {
        None | Some(b"null") => false,
        Some(raw) => {
            // Of a value 200 characters are kept, each of at most four bytes.
            let value = || String::from_utf8_lossy(&raw[..raw.len().min(800)]).into_owned();
            from_geojson(raw).put_wkb("geometry", value, batch, wkb)
        }
    };
    batch.end_row(row, found.then_some(wkb.as_slice()));
    Ok(())
}

/// A feature whose syntax is right; the geometry is still raw.
struct Feature<'a> {
    values: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
    not_numbers: u64,
    geometry: Option<&'a [u8]>,
}

impl<'a> Feature<'a> {
    fn parse(raw: &'a [u8]) -> Result<Self, &'static str> {
        if json::is_too_deep(raw) {
            return Err("nested too deeply");
        }
        let found = object_members(raw).ok_or("no JSON object")?;
        // Some servers leave `type` out where the geometry is null.
        if json::member(&found, "type").is_some_and(|kind| kind != b"\"Feature\"") {
            return Err("no Feature");
        }
        let properties = json::member(&found, "properties");
        let geometry = json::member(&found, "geometry");
        // A bare geometry or some other object on a line must not become a row of nulls.
        if properties.is_none() && geometry.is_none() {
            return Err("no Feature");
        }
        let mut values = Vec::new();
        let mut not_numbers = 0;
        if let Some(properties) = properties.filter(|raw| *raw != b"null") {
            for (name, raw) in object_members(properties).ok_or("properties are no JSON object")? {
                not_numbers += u64::from(json::is_not_a_number(raw));
                values.push((name, value_text(raw)?));
            }
        }
        // After the properties: one of them that is called `$id` is the file's own and comes first.
        if let Some(id) = json::member(&found, "id") {
            values.push((Cow::Borrowed(ID), value_text(id)?));
        }
        Ok(Self {
            values,
            not_numbers,
            geometry,
        })
    }
}

/// A value as text; `None` for null.
fn value_text(raw: &[u8]) -> Result<Option<Cow<'_, str>>, &'static str> {
    match raw {
        b"null" => Ok(None),
        b"true" | b"false" => utf8_text(raw).map(Some),
        _ if json::is_not_a_number(raw) => Ok(None),
        [b'"', ..] => json::parse_string(raw).map(Some).ok_or("a string is broken"),
        [b'{' | b'[', ..] => {
            let compact = if is_json(raw) {
                json::compact_json(raw)
            } else {
                let mended = json::without_not_numbers(raw).filter(|mended| is_json(mended));
                json::compact_json(&mended.ok_or("a nested value is broken")?)
            };
            String::from_utf8(compact)
                .map(|text| Some(Cow::Owned(text)))
                .or(Err("no UTF-8"))
        }
        [b'-' | b'0'..=b'9', rest @ ..]
            if rest
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) =>
        {
            utf8_text(raw).map(Some)
        }
        _ => Err("a value is broken"),
    }
}

fn utf8_text(raw: &[u8]) -> Result<Cow<'_, str>, &'static str> {
    std::str::from_utf8(raw).map(Cow::Borrowed).or(Err("no UTF-8"))
}

fn is_json(raw: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(raw).is_ok()
}
