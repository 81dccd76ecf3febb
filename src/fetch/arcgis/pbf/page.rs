//! A page in protocol buffers → Esri JSON, a row at a time.
//!
//! Numbers are spelled so that they read back as the same number; what a server writes as JSON for the
//! same row gives the same values. A row that makes no sense becomes text that is no row, so that its
//! reader counts it and says what is wrong.

use super::coordinates::Coordinates;
use super::error::PbfError;
use super::message::{Column, FeatureResult};
use super::text::{push_display, quoted_json, write_number};
use super::wire::{Field, Value, fields, zigzag_decoded};

/// Names of `FieldType`, by number.
const FIELD_TYPES: [&str; 13] = [
    "SmallInteger",
    "Integer",
    "Single",
    "Double",
    "String",
    "Date",
    "OID",
    "Geometry",
    "Blob",
    "Raster",
    "GUID",
    "GlobalID",
    "XML",
];

/// Names of `GeometryType`, by number.
const GEOMETRY_TYPES: [&str; 5] = ["Point", "Multipoint", "Polyline", "Polygon", "MultiPatch"];

/// Whether an answer is a page in protocol buffers, and not the JSON or HTML that errors come as.
///
/// ```
/// use cikr::fetch::arcgis::pbf::is_pbf;
///
/// // FeatureCollectionPBuffer: `version` is "1", `queryResult` is empty.
/// assert!(is_pbf(b"\x0a\x011\x12\x00"));
/// // A line feed is the first byte of either.
/// assert!(!is_pbf(b"\n{\"error\": {\"code\": 500}}"));
/// assert!(!is_pbf(b"<html>"));
/// ```
pub fn is_pbf(body: &[u8]) -> bool {
    // A line feed opens both a page that says its version and JSON after an empty line.
    matches!(body, [b'\n' | 0x12, ..]) && !matches!(body.trim_ascii_start(), [b'{' | b'[' | b'<', ..])
}

/// A whole page as Esri JSON of at most `limit` bytes.
///
/// ```
/// use cikr::fetch::arcgis::pbf::{PbfError, to_json};
///
/// // `queryResult` holds a `featureResult`, whose `objectIdFieldName` is "ID".
/// let page = b"\x12\x06\x0a\x04\x0a\x02ID";
/// let json = String::from_utf8(to_json(page, 1 << 20)?).expect("JSON is UTF-8");
/// assert!(json.starts_with("{\"objectIdFieldName\":\"ID\""));
/// assert!(json.ends_with("\"features\":[\n]}"));
///
/// assert_eq!(to_json(page, 10), Err(PbfError::TooLarge { limit: 10 }));
/// assert_eq!(to_json(b"", 10), Err(PbfError::NoRows));
/// # Ok::<(), PbfError>(())
/// ```
///
/// # Errors
/// Where it can't be read, or gets longer.
pub fn to_json(body: &[u8], limit: usize) -> Result<Vec<u8>, PbfError> {
    let mut page = Page::open(body)?;
    let mut json = format!("{{{},\"features\":[", page.head());
    let mut is_first = true;
    loop {
        let text_limit = limit
            .checked_sub(json.len())
            .ok_or(PbfError::TooLarge { limit })?;
        match page.next_row(text_limit)? {
            None => break,
            Some(WrittenRow::TooLong) => return Err(PbfError::TooLarge { limit }),
            Some(WrittenRow::Whole(row)) => {
                json.push_str(if std::mem::take(&mut is_first) {
                    "\n"
                } else {
                    ",\n"
                });
                json.push_str(row);
            }
        }
    }
    json.push_str("\n]}");
    if json.len() > limit {
        Err(PbfError::TooLarge { limit })
    } else {
        Ok(json.into_bytes())
    }
}

/// A page, and how far its rows have been read.
struct Page<'a> {
    rows: FeatureResult<'a>,
    names: Vec<String>,
    next: usize,
    text: String,
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
enum WrittenRow<'a> {
    /// Its JSON.
    Whole(&'a str),
    /// It would be longer than the limit.
    TooLong,
}

impl<'a> Page<'a> {
    /// Finds the rows of a page.
    ///
    /// # Errors
    /// Where the bytes are damaged, or hold no rows.
    fn open(body: &'a [u8]) -> Result<Self, PbfError> {
        let rows = FeatureResult::find(body)?;
        let names = rows
            .columns
            .iter()
            .map(|column| quoted_json(column.name))
            .collect();
        Ok(Self {
            rows,
            names,
            next: 0,
            text: String::new(),
        })
    }

    /// Every member but the rows, as JSON without the braces.
    fn head(&self) -> String {
        let rows = &self.rows;
        let mut head = format!("\"objectIdFieldName\":{}", quoted_json(rows.oid));
        if let Some(kind) = usize::try_from(rows.kind)
            .ok()
            .and_then(|kind| GEOMETRY_TYPES.get(kind))
        {
            push_display(
                &mut head,
                format_args!(",\"geometryType\":\"esriGeometry{kind}\""),
            );
        }
        if let Some(reference) = rows.reference {
            let mut members = Vec::new();
            for (name, code) in [("wkid", reference.wkid), ("latestWkid", reference.latest_wkid)] {
                // Protocol buffers leave zeros out: 0 is none.
                if code != 0 {
                    members.push(format!("\"{name}\":{code}"));
                }
            }
            if !reference.wkt.is_empty() {
                members.push(format!("\"wkt\":{}", quoted_json(reference.wkt)));
            }
            push_display(
                &mut head,
                format_args!(",\"spatialReference\":{{{}}}", members.join(",")),
            );
        }
        for (name, is_set) in [
            ("hasZ", rows.has_z),
            ("hasM", rows.has_m),
            ("exceededTransferLimit", rows.is_cut),
        ] {
            if is_set {
                push_display(&mut head, format_args!(",\"{name}\":true"));
            }
        }
        let columns: Vec<String> = rows.columns.iter().map(describe_field).collect();
        push_display(&mut head, format_args!(",\"fields\":[{}]", columns.join(",")));
        head
    }

    /// The next row as JSON of at most `limit` bytes; none behind the last.
    ///
    /// # Errors
    /// Where its bytes are damaged.
    fn next_row(&mut self, limit: usize) -> Result<Option<WrittenRow<'_>>, PbfError> {
        let Some(feature) = self.rows.features.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        self.text.clear();
        let is_whole = self.write_row(feature, limit)? && self.text.len() <= limit;
        Ok(Some(if is_whole {
            WrittenRow::Whole(&self.text)
        } else {
            WrittenRow::TooLong
        }))
    }

    /// Writes a row; gives whether it kept to the limit, and stops where it didn't.
    fn write_row(&mut self, feature: &[u8], limit: usize) -> Result<bool, PbfError> {
        let text = &mut self.text;
        let mut geometry = RowGeometry::None;
        let mut values = 0;
        text.push_str("{\"attributes\":{");
        let mut found = fields(feature);
        while let Some(field) = found.next_field()? {
            match (field.number, field.value) {
                (1, Value::Bytes(value)) => {
                    if let Some(name) = self.names.get(values) {
                        push_display(
                            text,
                            format_args!("{}{name}:", if values == 0 { "" } else { "," }),
                        );
                        write_value(value, text)?;
                    }
                    values += 1;
                }
                (2, Value::Bytes(message)) => geometry = RowGeometry::Quantised(message),
                (3, Value::Bytes(_)) => geometry = RowGeometry::Shape,
                _ => {}
            }
            // Within a row, too: names of columns are repeated in each, so that a few bytes could become any length.
            if text.len() > limit {
                return Ok(false);
            }
        }
        // Values are told apart by their order alone, so a row of too few or too many has all of them in doubt.
        if values != self.names.len() {
            let columns = self.names.len();
            *text = format!("\"a row of {values} values for {columns} fields\"");
            return Ok(true);
        }
        text.push_str("},\"geometry\":");
        match geometry {
            RowGeometry::None => text.push_str("null"),
            RowGeometry::Shape => text.push_str("\"a shape buffer\""),
            RowGeometry::Quantised(message) => {
                if !Coordinates::read(message, &self.rows)?.write_json(text, limit)? {
                    return Ok(false);
                }
            }
        }
        text.push('}');
        Ok(true)
    }
}

/// What a row has for a geometry.
enum RowGeometry<'a> {
    None,
    Shape,
    Quantised(&'a [u8]),
}

fn describe_field(column: &Column<'_>) -> String {
    let kind = usize::try_from(column.kind)
        .ok()
        .and_then(|kind| FIELD_TYPES.get(kind));
    let name = quoted_json(column.name);
    let alias = quoted_json(column.alias);
    format!(
        "{{\"name\":{name},\"type\":\"esriFieldType{}\",\"alias\":{alias}}}",
        kind.unwrap_or(&"Other")
    )
}

/// A message `Value` as JSON; null where it holds none.
fn write_value(message: &[u8], text: &mut String) -> Result<(), PbfError> {
    let mut found = fields(message);
    // A `oneof` holds one field; of several the last counts, as in every reader of the format.
    let mut last = None;
    while let Some(field) = found.next_field()? {
        last = Some(field);
    }
    let Some(Field { number, value }) = last else {
        text.push_str("null");
        return Ok(());
    };
    match (number, value) {
        (1, value) => text.push_str(&quoted_json(value.as_text()?.unwrap_or_default())),
        (2, Value::Four(bytes)) => {
            let value = f32::from_le_bytes(bytes);
            write_number(f64::from(value), value, text);
        }
        (3, Value::Eight(bytes)) => {
            let value = f64::from_le_bytes(bytes);
            write_number(value, value, text);
        }
        (4 | 8, Value::Varint(value)) => push_display(text, zigzag_decoded(value)),
        (5 | 7, Value::Varint(value)) => push_display(text, value),
        #[expect(clippy::cast_possible_wrap, reason = "two's complement, as the type has it")]
        (6, Value::Varint(value)) => push_display(text, value as i64),
        (9, Value::Varint(value)) => push_display(text, value != 0),
        _ => text.push_str("null"),
    }
    Ok(())
}
