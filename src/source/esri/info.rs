//! What a layer's info (`<layer>?f=json`) says about its rows: fields, domains, spatial reference, dates.
//!
//! Every member may be missing or of another type; what isn't understood is not there.

use std::collections::HashSet;

use serde_json::Value;

use super::domains::{Domains, Subtypes};
use super::field::{Field, FieldKind};
use super::reference::SpatialReference;
use crate::source::stated_crs::StatedCrs;

/// A layer's info, as far as rows are concerned.
#[derive(Debug)]
pub(super) struct LayerInfo {
    /// Title of the layer.
    pub(super) name: String,
    /// Its fields; empty where it doesn't name them.
    pub(super) fields: Vec<Field>,
    /// Names of codes, per field.
    pub(super) domains: Domains,
    /// Names of codes that depend on the kind of row.
    pub(super) subtypes: Option<Subtypes>,
    /// Whether coordinates have heights, where it says.
    pub(super) has_z: bool,
    /// Whether coordinates have measures, where it says.
    pub(super) has_m: bool,
    /// Whether epoch milliseconds count from 1970 in an unknown time zone instead of UTC.
    pub(super) is_local: bool,
    references: Vec<SpatialReference>,
}

impl LayerInfo {
    /// Reads a layer's info.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        // A byte order mark, which some servers send, is no JSON.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if !value.is_object() {
            return Err("it is no JSON object".to_owned());
        }
        let extent = value
            .get("extent")
            .and_then(|extent| extent.get("spatialReference"));
        let mut references: Vec<SpatialReference> = [
            extent,
            value.get("sourceSpatialReference"),
            value.get("spatialReference"),
        ]
        .into_iter()
        .flatten()
        .filter_map(SpatialReference::from_json)
        .collect();
        // A layer of a map service has its data's reference beside its map's: where they differ nobody can tell by
        // the layer alone which rows are in.
        references.dedup();
        let info = Self {
            name: text_of(&value, "name").to_owned(),
            fields: parse_fields(&value),
            domains: Domains::parse_fields(&value),
            subtypes: Subtypes::parse(&value),
            has_z: is_set(&value, "hasZ"),
            has_m: is_set(&value, "hasM"),
            is_local: is_set(&value, "datesInUnknownTimezone"),
            references,
        };
        info.log_time_zone(&value);
        Ok(info)
    }

    /// The CRS of rows on which a page doesn't speak: the layer's, where it has only one.
    pub(super) fn stated_crs(&self) -> StatedCrs {
        let mut found: Vec<StatedCrs> = Vec::new();
        for reference in &self.references {
            let stated = reference.stated_crs();
            if !found.contains(&stated) {
                found.push(stated);
            }
        }
        match found.len() {
            0 => StatedCrs::Silent,
            1 => found.remove(0),
            _ => StatedCrs::Unclear("one spatial reference of the data and another of the map".to_owned()),
        }
    }

    /// Servers turn the times of their own zone into UTC before they answer, so the zone changes no value; but
    /// its days begin at another hour.
    fn log_time_zone(&self, value: &Value) {
        let zone = value.get("dateFieldsTimeReference").and_then(|zone| {
            zone.get("timeZoneIANA")
                .or_else(|| zone.get("timeZone"))
                .and_then(Value::as_str)
        });
        let has_dates = self.fields.iter().any(|field| field.kind == FieldKind::Date);
        if let Some(zone) = zone.filter(|zone| has_dates && !matches!(*zone, "UTC" | "Etc/UTC")) {
            tracing::info!(
                layer = self.name,
                zone,
                "dates were entered in this time zone, and are read as UTC"
            );
        }
    }
}

fn is_set(object: &Value, name: &str) -> bool {
    object.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The text of a member; blank where it is none.
fn text_of<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The fields that have values of text; of one name the first.
fn parse_fields(value: &Value) -> Vec<Field> {
    const SKIPPED: [&str; 3] = ["Geometry", "Blob", "Raster"];
    let mut seen = HashSet::new();
    let mut fields = Vec::new();
    for field in value
        .get("fields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = text_of(field, "name");
        let bare = text_of(field, "type").trim_start_matches("esriFieldType");
        if name.is_empty() || SKIPPED.contains(&bare) || !seen.insert(name) {
            continue;
        }
        let kind = match bare {
            "OID" | "Integer" | "SmallInteger" | "BigInteger" => FieldKind::Integer,
            "Date" => FieldKind::Date,
            "DateOnly" => FieldKind::DateOnly,
            // Times of day, moments with their offset, identifiers and numbers are text that says all.
            _ => FieldKind::Other,
        };
        fields.push(Field {
            name: name.to_owned(),
            kind,
        });
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::Crs;

    #[test]
    fn fields_are_those_with_values_of_text() {
        let info = LayerInfo::parse(
            br#"{"fields":[{"name":"OBJECTID","type":"esriFieldTypeOID"},{"name":"Shape","type":"esriFieldTypeGeometry"},
            {"name":"D","type":"esriFieldTypeDate","alias":"D (day)"},{"name":"D","type":"esriFieldTypeString"},{"name":"O","type":"esriFieldTypeDateOnly"},
            {"name":"B","type":"esriFieldTypeBigInteger"},{"name":"T","type":"esriFieldTypeTimeOnly"},{"type":"x"},7]}"#,
        )
        .unwrap();
        let kinds: Vec<_> = info
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("OBJECTID", FieldKind::Integer),
                ("D", FieldKind::Date),
                ("O", FieldKind::DateOnly),
                ("B", FieldKind::Integer),
                ("T", FieldKind::Other)
            ]
        );
        assert!(LayerInfo::parse(br#"{"fields":null}"#).unwrap().fields.is_empty());
        assert!(LayerInfo::parse(b"<html>").is_err() && LayerInfo::parse(b"[]").is_err());
    }

    #[test]
    fn a_layer_with_two_references_has_none() {
        let stated = |more: &str| {
            let extent = r#""extent":{"spatialReference":{"wkid":102100,"latestWkid":3857}}"#;
            LayerInfo::parse(format!("{{{extent}{more}}}").as_bytes())
                .unwrap()
                .stated_crs()
        };
        assert_eq!(stated(""), StatedCrs::Named(Crs::Code("EPSG:3857".into())));
        assert_eq!(
            stated(r#","sourceSpatialReference":{"wkid":3857}"#),
            StatedCrs::Named(Crs::Code("EPSG:3857".into()))
        );
        assert!(matches!(
            stated(r#","sourceSpatialReference":{"wkid":4269}"#),
            StatedCrs::Unclear(_)
        ));
        assert_eq!(LayerInfo::parse(b"{}").unwrap().stated_crs(), StatedCrs::Silent);
    }
}
