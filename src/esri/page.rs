//! A page in protocol buffers → Esri JSON, a row at a time.
//!
//! Numbers are spelled so that they read back as the same number; what a server writes as JSON for the
//! same row gives the same values. A row that makes no sense becomes text that is no row, so that its
//! reader counts it and says what is wrong.

use super::coordinates::Coordinates;
use super::error::PbfError;
use super::message::{Column, Rows};
use super::text::{push, quoted, write_number};
use super::wire::{Field, Value, fields, zigzag};

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
pub fn is_pbf(body: &[u8]) -> bool {
    // A line feed opens both a page that says its version and JSON after an empty line.
    matches!(body, [b'\n' | 0x12, ..]) && !matches!(body.trim_ascii_start(), [b'{' | b'[' | b'<', ..])
}

/// A whole page as Esri JSON of at most `limit` bytes.
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
            Some(Written::TooLong) => return Err(PbfError::TooLarge { limit }),
            Some(Written::Whole(row)) => {
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
pub struct Page<'a> {
    rows: Rows<'a>,
    names: Vec<String>,
    next: usize,
    text: String,
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Written<'a> {
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
    pub fn open(body: &'a [u8]) -> Result<Self, PbfError> {
        let rows = Rows::find(body)?;
        let names = rows.columns.iter().map(|column| quoted(column.name)).collect();
        Ok(Self {
            rows,
            names,
            next: 0,
            text: String::new(),
        })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.features.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.features.is_empty()
    }

    /// Every member but the rows, as JSON without the braces.
    pub fn head(&self) -> String {
        let rows = &self.rows;
        let mut head = format!("\"objectIdFieldName\":{}", quoted(rows.oid));
        if let Some(kind) = usize::try_from(rows.kind)
            .ok()
            .and_then(|kind| GEOMETRY_TYPES.get(kind))
        {
            push(
                &mut head,
                format_args!(",\"geometryType\":\"esriGeometry{kind}\""),
            );
        }
        if let Some(reference) = rows.reference {
            let mut members = Vec::new();
            for (name, code) in [("wkid", reference.wkid), ("latestWkid", reference.latest_wkid)] {
                if code != 0 {
                    members.push(format!("\"{name}\":{code}"));
                }
            }
            if !reference.wkt.is_empty() {
                members.push(format!("\"wkt\":{}", quoted(reference.wkt)));
            }
            push(
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
                push(&mut head, format_args!(",\"{name}\":true"));
            }
        }
        let columns: Vec<String> = rows.columns.iter().map(described).collect();
        push(&mut head, format_args!(",\"fields\":[{}]", columns.join(",")));
        head
    }

    /// The next row as JSON of at most `limit` bytes; none behind the last.
    ///
    /// # Errors
    /// Where its bytes are damaged.
    pub fn next_row(&mut self, limit: usize) -> Result<Option<Written<'_>>, PbfError> {
        let Some(feature) = self.rows.features.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        self.text.clear();
        let is_whole = self.write(feature, limit)? && self.text.len() <= limit;
        Ok(Some(if is_whole {
            Written::Whole(&self.text)
        } else {
            Written::TooLong
        }))
    }

    /// Writes a row; gives whether it kept to the limit, and stops where it didn't.
    fn write(&mut self, feature: &[u8], limit: usize) -> Result<bool, PbfError> {
        let (rows, text) = (&self.rows, &mut self.text);
        let mut geometry = Found::None;
        let mut values = 0;
        text.push_str("{\"attributes\":{");
        let mut found = fields(feature);
        while let Some(field) = found.next()? {
            match (field.number, field.value) {
                (1, Value::Bytes(value)) => {
                    if let Some(name) = self.names.get(values) {
                        push(
                            text,
                            format_args!("{}{name}:", if values == 0 { "" } else { "," }),
                        );
                        write_value(value, text)?;
                    }
                    values += 1;
                }
                (2, Value::Bytes(message)) => geometry = Found::Quantised(message),
                (3, Value::Bytes(_)) => geometry = Found::Shape,
                _ => {}
            }
            if text.len() > limit {
                return Ok(false);
            }
        }
        if values != self.names.len() {
            let columns = self.names.len();
            *text = format!("\"a row of {values} values for {columns} fields\"");
            return Ok(true);
        }
        text.push_str("},\"geometry\":");
        match geometry {
            Found::None => text.push_str("null"),
            Found::Shape => text.push_str("\"a shape buffer\""),
            Found::Quantised(message) => {
                if !Coordinates::read(message, rows)?.write(text, limit)? {
                    return Ok(false);
                }
            }
        }
        text.push('}');
        Ok(true)
    }
}

/// What a row has for a geometry.
enum Found<'a> {
    None,
    Shape,
    Quantised(&'a [u8]),
}

fn described(column: &Column<'_>) -> String {
    let kind = usize::try_from(column.kind)
        .ok()
        .and_then(|kind| FIELD_TYPES.get(kind));
    let (name, alias) = (quoted(column.name), quoted(column.alias));
    format!(
        "{{\"name\":{name},\"type\":\"esriFieldType{}\",\"alias\":{alias}}}",
        kind.unwrap_or(&"Other")
    )
}

/// A message `Value` as JSON; null where it holds none.
fn write_value(message: &[u8], text: &mut String) -> Result<(), PbfError> {
    let mut found = fields(message);
    let mut last = None;
    while let Some(field) = found.next()? {
        last = Some(field);
    }
    let Some(Field { number, value }) = last else {
        text.push_str("null");
        return Ok(());
    };
    match (number, value) {
        (1, value) => text.push_str(&quoted(value.text()?.unwrap_or_default())),
        (2, Value::Four(bytes)) => {
            let value = f32::from_le_bytes(bytes);
            write_number(f64::from(value), value, text);
        }
        (3, Value::Eight(bytes)) => {
            let value = f64::from_le_bytes(bytes);
            write_number(value, value, text);
        }
        (4 | 8, Value::Varint(value)) => push(text, zigzag(value)),
        (5 | 7, Value::Varint(value)) => push(text, value),
        #[expect(clippy::cast_possible_wrap, reason = "two's complement, as the type has it")]
        (6, Value::Varint(value)) => push(text, value as i64),
        (9, Value::Varint(value)) => push(text, value != 0),
        _ => text.push_str("null"),
    }
    Ok(())
}
