//! What a layer's info (`<layer>?f=json`) says about its rows: fields, domains, spatial reference, dates.
//!
//! Every member may be missing or of another type; what isn't understood is not there.

use std::collections::HashSet;

use serde_json::Value;

use super::domains::{Domains, Subtypes};
use super::reference::Reference;
use crate::source::crs::Stated;

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whole numbers.
    Integer,
    /// A moment, epoch milliseconds.
    Date,
    /// A day.
    Day,
    /// Anything that is kept as spelled.
    Other,
}

/// A field that becomes a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Name.
    pub(super) name: String,
    /// What its values are.
    pub(super) kind: Kind,
}

/// A layer's info, as far as rows are concerned.
#[derive(Debug)]
pub(super) struct Info {
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
    references: Vec<Reference>,
}

impl Info {
    /// Reads a layer's info.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if !value.is_object() {
            return Err("it is no JSON object".to_owned());
        }
        let is = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let extent = value
            .get("extent")
            .and_then(|extent| extent.get("spatialReference"));
        let mut references: Vec<Reference> = [
            extent,
            value.get("sourceSpatialReference"),
            value.get("spatialReference"),
        ]
        .into_iter()
        .flatten()
        .filter_map(Reference::of)
        .collect();
        references.dedup();
        let info = Self {
            name: text("name").unwrap_or_default(),
            fields: fields(&value),
            domains: Domains::of_fields(&value),
            subtypes: Subtypes::of(&value),
            has_z: is("hasZ"),
            has_m: is("hasM"),
            is_local: is("datesInUnknownTimezone"),
            references,
        };
        info.tell_zone(&value);
        Ok(info)
    }

    /// The CRS of rows on which a page doesn't speak: the layer's, where it has only one.
    pub(super) fn stated(&self) -> Stated {
        let mut found: Vec<Stated> = Vec::new();
        for reference in &self.references {
            let stated = reference.stated();
            if !found.contains(&stated) {
                found.push(stated);
            }
        }
        match found.len() {
            0 => Stated::Silent,
            1 => found.remove(0),
            _ => Stated::Unclear("one spatial reference of the data and another of the map".to_owned()),
        }
    }

    /// Servers turn the times of their own zone into UTC before they answer, so the zone changes no value; but
    /// its days begin at another hour.
    fn tell_zone(&self, value: &Value) {
        let zone = value.get("dateFieldsTimeReference").and_then(|zone| {
            zone.get("timeZoneIANA")
                .or_else(|| zone.get("timeZone"))
                .and_then(Value::as_str)
        });
        let has_dates = self.fields.iter().any(|field| field.kind == Kind::Date);
        if let Some(zone) = zone.filter(|zone| has_dates && !matches!(*zone, "UTC" | "Etc/UTC")) {
            tracing::info!(
                layer = self.name,
                zone,
                "dates were entered in this time zone, and are read as UTC"
            );
        }
    }
}

/// The fields that have values of text; of one name the first.
fn fields(value: &Value) -> Vec<Field> {
    const SKIPPED: [&str; 3] = ["Geometry", "Blob", "Raster"];
    let mut seen = HashSet::new();
    let mut fields = Vec::new();
    for field in value
        .get("fields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name: &str| field.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, declared) = (text("name"), text("type"));
        let bare = declared.trim_start_matches("esriFieldType");
        if name.is_empty() || SKIPPED.contains(&bare) || !seen.insert(name) {
            continue;
        }
        let kind = match bare {
            "OID" | "Integer" | "SmallInteger" | "BigInteger" => Kind::Integer,
            "Date" => Kind::Date,
            "DateOnly" => Kind::Day,
            // Times of day, moments with their offset, identifiers and numbers are text that says all.
            _ => Kind::Other,
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
        let info = Info::parse(
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
                ("OBJECTID", Kind::Integer),
                ("D", Kind::Date),
                ("O", Kind::Day),
                ("B", Kind::Integer),
                ("T", Kind::Other)
            ]
        );
        assert!(Info::parse(br#"{"fields":null}"#).unwrap().fields.is_empty());
        assert!(Info::parse(b"<html>").is_err() && Info::parse(b"[]").is_err());
    }

    #[test]
    fn a_layer_with_two_references_has_none() {
        let stated = |more: &str| {
            let extent = r#""extent":{"spatialReference":{"wkid":102100,"latestWkid":3857}}"#;
            Info::parse(format!("{{{extent}{more}}}").as_bytes())
                .unwrap()
                .stated()
        };
        assert_eq!(stated(""), Stated::Named(Crs::Code("EPSG:3857".into())));
        assert_eq!(
            stated(r#","sourceSpatialReference":{"wkid":3857}"#),
            Stated::Named(Crs::Code("EPSG:3857".into()))
        );
        assert!(matches!(
            stated(r#","sourceSpatialReference":{"wkid":4269}"#),
            Stated::Unclear(_)
        ));
        assert_eq!(Info::parse(b"{}").unwrap().stated(), Stated::Silent);
    }
}
