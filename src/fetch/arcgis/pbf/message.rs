//! The messages of FeatureCollection.proto that matter: what stands where.
//!
//! Members may come in any order, so a page is gone over once before its first row is made.

use super::error::PbfError;
use super::limits::{MAX_PAGE_ROWS, MOST_COLUMNS};
use super::wire::{Value, fields};

/// How quantised ordinates become coordinates: x, y, z, m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Transform {
    pub(super) scale: [f64; 4],
    pub(super) translate: [f64; 4],
}

impl Default for Transform {
    fn default() -> Self {
        Self {
            scale: [1.0; 4],
            translate: [0.0; 4],
        }
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) alias: &'a str,
    pub(super) kind: u64,
}

/// What a spatial reference says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    pub(super) wkid: u64,
    pub(super) latest_wkid: u64,
    pub(super) wkt: &'a str,
}

/// `FeatureResult`; its rows are not looked into.
#[derive(Debug, Default)]
pub(super) struct FeatureResult<'a> {
    pub(super) oid: &'a str,
    pub(super) kind: u64,
    pub(super) reference: Option<Reference<'a>>,
    pub(super) is_cut: bool,
    pub(super) has_z: bool,
    pub(super) has_m: bool,
    pub(super) transform: Transform,
    pub(super) columns: Vec<Column<'a>>,
    pub(super) features: Vec<&'a [u8]>,
}

impl<'a> FeatureResult<'a> {
    /// Finds the rows of a page.
    pub(super) fn find(page: &'a [u8]) -> Result<Self, PbfError> {
        let result = last_message(page, 2)?.ok_or(PbfError::NoRows)?;
        Self::read(last_message(result, 1)?.ok_or(PbfError::NoRows)?)
    }

    fn read(result: &'a [u8]) -> Result<Self, PbfError> {
        let mut rows = Self::default();
        let mut found = fields(result);
        while let Some(field) = found.next_field()? {
            let value = field.value;
            match field.number {
                1 => rows.oid = value.as_text()?.unwrap_or_default(),
                7 => rows.kind = value.as_varint().unwrap_or_default(),
                8 => rows.reference = value.as_bytes().map(read_reference).transpose()?,
                9 => rows.is_cut = value.as_varint() == Some(1),
                10 => rows.has_z = value.as_varint() == Some(1),
                11 => rows.has_m = value.as_varint() == Some(1),
                12 => {
                    let transform = value.as_bytes().map(read_transform).transpose()?;
                    rows.transform = transform.unwrap_or_default();
                }
                // A field or a feature takes two bytes on the wire and many more here, so both are counted as they
                // come.
                13 if rows.columns.len() == MOST_COLUMNS => return Err(PbfError::TooMany),
                13 => rows
                    .columns
                    .extend(value.as_bytes().map(read_column).transpose()?),
                15 if rows.features.len() == MAX_PAGE_ROWS => return Err(PbfError::TooMany),
                15 => rows.features.extend(value.as_bytes()),
                16 => return Err(PbfError::Block),
                _ => {}
            }
        }
        Ok(rows)
    }
}

/// The last message under `number`, which is the one that counts.
fn last_message(within: &[u8], number: u64) -> Result<Option<&[u8]>, PbfError> {
    let mut found = fields(within);
    let mut last = None;
    while let Some(field) = found.next_field()? {
        if field.number == number {
            last = field.value.as_bytes().or(last);
        }
    }
    Ok(last)
}

fn read_reference(message: &[u8]) -> Result<Reference<'_>, PbfError> {
    let mut reference = Reference::default();
    let mut found = fields(message);
    while let Some(field) = found.next_field()? {
        match field.number {
            1 => reference.wkid = field.value.as_varint().unwrap_or_default(),
            2 => reference.latest_wkid = field.value.as_varint().unwrap_or_default(),
            5 => reference.wkt = field.value.as_text()?.unwrap_or_default(),
            _ => {}
        }
    }
    Ok(reference)
}

fn read_column(message: &[u8]) -> Result<Column<'_>, PbfError> {
    let mut column = Column {
        name: "",
        alias: "",
        kind: 0,
    };
    let mut found = fields(message);
    while let Some(field) = found.next_field()? {
        match field.number {
            1 => column.name = field.value.as_text()?.unwrap_or_default(),
            2 => column.kind = field.value.as_varint().unwrap_or_default(),
            3 => column.alias = field.value.as_text()?.unwrap_or_default(),
            _ => {}
        }
    }
    Ok(column)
}

fn read_transform(message: &[u8]) -> Result<Transform, PbfError> {
    const LOWER_LEFT: u64 = 1;
    let mut transform = Transform::default();
    let mut origin = 0;
    let mut found = fields(message);
    while let Some(field) = found.next_field()? {
        match (field.number, field.value) {
            (1, Value::Varint(value)) => origin = value,
            (2, Value::Bytes(scale)) => transform.scale = read_ordinates(scale)?,
            (3, Value::Bytes(translate)) => transform.translate = read_ordinates(translate)?,
            _ => {}
        }
    }
    // From the upper left, y counts downwards.
    if origin != LOWER_LEFT {
        transform.scale[1] = -transform.scale[1];
    }
    Ok(transform)
}

/// `Scale` and `Translate`: x, y, m, z on the wire; x, y, z, m here.
fn read_ordinates(message: &[u8]) -> Result<[f64; 4], PbfError> {
    let mut found = fields(message);
    let mut ordinates = [0.0; 4];
    while let Some(field) = found.next_field()? {
        let place = match field.number {
            1 => 0,
            2 => 1,
            3 => 3,
            4 => 2,
            _ => continue,
        };
        ordinates[place] = field.value.as_double().unwrap_or_default();
    }
    Ok(ordinates)
}
