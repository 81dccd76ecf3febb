//! One feature of Esri JSON becomes one row.
//!
//! Attributes find their column by name, and where servers change the case of names, by that. What the
//! layer's info doesn't name gets a column of its own.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::de::IgnoredAny;

use super::domains::{self, Meaning};
use super::field::{Field, FieldKind};
use super::geometry::{self, Ordinates};
use super::info::LayerInfo;
use super::numbers;
use super::page::OpenPage;
use crate::feature::RejectReason;
use crate::feature::bare_words::NOT_A_NUMBER;
use crate::source::batch::{BatchBuilder, MAX_COLUMNS};
use crate::source::column::Value;
use crate::source::error::SourceError;
use crate::source::json::{self, Captured};
use crate::source::sniff::decode_text;

/// Ending of the column with the names of a field's codes.
const DECODED: &str = "_decoded";

/// Puts rows into batches.
pub(super) struct RowReader {
    info: LayerInfo,
    fields: Vec<Column>,
    exact: HashMap<String, usize>,
    folded: HashMap<String, Option<usize>>,
    /// Codes outside their field's domain, per field.
    unknown: BTreeMap<String, u64>,
    wkb: Vec<u8>,
}

/// A field, and the column of its decoded codes.
struct Column {
    field: Field,
    decoded: Option<String>,
}

type Values<'a> = Vec<(Cow<'a, str>, &'a [u8])>;

impl RowReader {
    /// Prepares for rows of this layer.
    pub(super) fn new(info: LayerInfo) -> Self {
        let exact: HashMap<String, usize> = info
            .fields
            .iter()
            .enumerate()
            .map(|(at, field)| (field.name.clone(), at))
            .collect();
        let mut folded = HashMap::new();
        for (at, field) in info.fields.iter().enumerate() {
            // Two names that differ in case alone are told apart by it, or not at all.
            folded
                .entry(field.name.to_lowercase())
                .and_modify(|known| *known = None)
                .or_insert(Some(at));
        }
        let mut fields = Vec::with_capacity(info.fields.len());
        for field in &info.fields {
            let is_subtyped = info
                .subtypes
                .as_ref()
                .is_some_and(|subtypes| subtypes.has_codes(&field.name));
            let name = format!("{}{DECODED}", field.name);
            // A layer that has a field of that name keeps its own.
            let has_decoded =
                (is_subtyped || info.domains.has_codes(&field.name)) && !exact.contains_key(&name);
            fields.push(Column {
                field: field.clone(),
                decoded: has_decoded.then_some(name),
            });
        }
        Self {
            info,
            fields,
            exact,
            folded,
            unknown: BTreeMap::new(),
            wkb: Vec::new(),
        }
    }

    /// Names of all columns; none where the layer doesn't name its fields.
    pub(super) fn column_names(&self) -> Option<Vec<String>> {
        let names = self
            .fields
            .iter()
            .flat_map(|column| [Some(&column.field.name), column.decoded.as_ref()]);
        let names: Vec<String> = names.flatten().cloned().collect();
        (!names.is_empty()).then_some(names)
    }

    /// Tells of codes outside their domain.
    pub(super) fn warn_unknown_codes(&self, shown: &str) {
        for (field, rows) in &self.unknown {
            tracing::warn!(
                source = shown,
                field,
                rows,
                "codes that the layer's own domain doesn't have"
            );
        }
    }

    /// Puts the page's current row into the batch; one that can't be parsed as a row of nulls with its defect.
    pub(super) fn put_row(
        &mut self,
        page: &OpenPage,
        captured: Captured,
        batch: &mut BatchBuilder,
    ) -> Result<(), SourceError> {
        if captured == Captured::TooLong {
            batch.note_defect(
                "record",
                &format!("over {} bytes", page.limit()),
                RejectReason::RecordTooLong,
            );
            batch.end_row(page.row(), None);
            return Ok(());
        }
        let text = decode_text(page.raw());
        if matches!(text, Cow::Owned(_)) {
            batch.count_recoded();
        }
        match Feature::parse(text.as_bytes()) {
            Err(reason) => {
                batch.note_defect(
                    "record",
                    &format!("{reason}: {text:.200}"),
                    RejectReason::MalformedRecord,
                );
                batch.end_row(page.row(), None);
            }
            Ok(feature) => {
                self.put_values(page, &feature.values, batch)?;
                let has_geometry = self.put_geometry(page, feature.geometry, batch);
                batch.end_row(page.row(), has_geometry.then_some(self.wkb.as_slice()));
            }
        }
        Ok(())
    }

    fn put_values(
        &mut self,
        page: &OpenPage,
        values: &Values<'_>,
        batch: &mut BatchBuilder,
    ) -> Result<(), SourceError> {
        let kind = self.subtype_of(values);
        for (name, raw) in values {
            let at = self.find_field(name);
            let known = at.map(|at| &self.fields[at]);
            let name = known.map_or(name.as_ref(), |column| &column.field.name);
            let column = batch
                .find_or_add_column(name)
                .ok_or_else(|| too_many_columns(page))?;
            let field_kind = known.map_or(FieldKind::Other, |column| column.field.kind);
            if is_not_a_number(raw) {
                batch.count_not_numbers(1);
                continue;
            }
            let Some(text) = value_text(raw) else { continue };
            let value = typed_value(raw, &text, field_kind, self.info.is_local);
            batch.put_value(column, value);
            if let Some(decoded) = known.and_then(|column| column.decoded.as_deref()) {
                let subtypes = self.info.subtypes.as_ref();
                let code = value.to_text();
                match domains::meaning_of(&self.info.domains, subtypes, kind.as_deref(), name, &code) {
                    Meaning::Name(text) => {
                        let column = batch
                            .find_or_add_column(decoded)
                            .ok_or_else(|| too_many_columns(page))?;
                        batch.put_text(column, text);
                    }
                    Meaning::Unknown => *self.unknown.entry(name.to_owned()).or_default() += 1,
                    Meaning::Plain => {}
                }
            }
        }
        Ok(())
    }

    /// Gives whether the row has a geometry; its WKB is in `self.wkb` then.
    fn put_geometry(&mut self, page: &OpenPage, raw: Option<&[u8]>, batch: &mut BatchBuilder) -> bool {
        let Some(raw) = raw.filter(|raw| *raw != b"null") else {
            return false;
        };
        let head = page.head();
        let ordinates = Ordinates {
            has_z: head.has_z.unwrap_or(self.info.has_z),
            has_m: head.has_m.unwrap_or(self.info.has_m),
        };
        let found = geometry::from_esri(raw, ordinates);
        batch.count_repairs(found.mended);
        let value = || String::from_utf8_lossy(&raw[..raw.len().min(800)]).into_owned();
        match found.shape {
            None => false,
            Some(shape) => shape.put_wkb("geometry", value, batch, &mut self.wkb),
        }
    }

    /// The row's kind, where the layer has kinds.
    fn subtype_of(&self, values: &Values<'_>) -> Option<String> {
        let field = &self.info.subtypes.as_ref()?.field;
        let (_, raw) = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(field))?;
        Some(typed_value(raw, &value_text(raw)?, FieldKind::Integer, false).to_text())
    }

    fn find_field(&self, name: &str) -> Option<usize> {
        // Some servers answer in another case than their own info has (`objectid`, `OBJECTID`).
        let exact = self.exact.get(name).copied();
        exact.or_else(|| self.folded.get(&name.to_lowercase()).copied().flatten())
    }
}

fn too_many_columns(page: &OpenPage) -> SourceError {
    SourceError::TooManyColumns {
        shown: page.shown().into(),
        row: page.row(),
        limit: MAX_COLUMNS,
    }
}

/// A feature whose syntax is right; the geometry is still raw.
struct Feature<'a> {
    values: Values<'a>,
    geometry: Option<&'a [u8]>,
}

impl<'a> Feature<'a> {
    fn parse(raw: &'a [u8]) -> Result<Self, &'static str> {
        if json::is_too_deep(raw) {
            return Err("nested too deeply");
        }
        let found = json::object_members(raw).ok_or("no JSON object")?;
        let attributes = json::member(&found, "attributes");
        let geometry = json::member(&found, "geometry");
        if attributes.is_none() && geometry.is_none() {
            return Err("no feature");
        }
        let values = match attributes.filter(|raw| *raw != b"null") {
            Some(attributes) => json::object_members(attributes).ok_or("attributes are no JSON object")?,
            None => Values::new(),
        };
        if values.iter().any(|(_, raw)| !is_value(raw)) {
            return Err("a value is broken");
        }
        Ok(Self { values, geometry })
    }
}

/// Whether a value is a number that is none, as a pull has landed it.
fn is_not_a_number(raw: &[u8]) -> bool {
    raw == NOT_A_NUMBER.as_bytes() || json::is_not_a_number(raw)
}

fn is_value(raw: &[u8]) -> bool {
    match raw {
        b"null" | b"true" | b"false" => true,
        _ if is_not_a_number(raw) => true,
        [b'"', ..] => json::parse_string(raw).is_some(),
        [b'{' | b'[', ..] => serde_json::from_slice::<IgnoredAny>(raw).is_ok(),
        [b'-' | b'0'..=b'9', rest @ ..] => rest
            .iter()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte)),
        _ => false,
    }
}

/// A value as text; none for null.
fn value_text(raw: &[u8]) -> Option<Cow<'_, str>> {
    match raw {
        b"null" => None,
        [b'"', ..] => json::parse_string(raw),
        [b'{' | b'[', ..] => String::from_utf8(json::compact_json(raw)).ok().map(Cow::Owned),
        _ => std::str::from_utf8(raw).ok().map(Cow::Borrowed),
    }
}

/// The value of a field of this kind, which has this text.
fn typed_value<'a>(raw: &[u8], text: &'a str, kind: FieldKind, is_local: bool) -> Value<'a> {
    match raw {
        [b'"' | b'{' | b'[', ..] => numbers::typed_text(text, kind),
        _ => numbers::typed_number(text, kind, is_local),
    }
}
