//! A field of a feature: a number, a date, or text in whatever encoding.
//!
//! GDAL's text of a date is taken, not its parts: it alone tells an instant in UTC from one in an unknown zone.

use gdal::vector::{Feature, OGRFieldType};

use crate::source::column::Value;
use crate::source::iso_dates::iso_of_ogr;

/// What there is in a field.
#[derive(Debug, PartialEq)]
pub(super) enum FieldContent {
    /// A number.
    Number(Value<'static>),
    /// A date or an instant, as text in ISO 8601.
    Date,
    /// Text.
    Text,
}

/// What there is in a field, none for null; the text goes into `text`.
pub(super) fn read_field(
    feature: &Feature<'_>,
    column: usize,
    kind: OGRFieldType::Type,
    text: &mut String,
) -> Option<FieldContent> {
    match kind {
        OGRFieldType::OFTInteger | OGRFieldType::OFTInteger64 => feature
            .field_as_integer64(column)
            .ok()
            .flatten()
            .map(|number| FieldContent::Number(Value::Integer(number))),
        OGRFieldType::OFTReal => feature
            .field_as_double(column)
            .ok()
            .flatten()
            .map(|number| FieldContent::Number(Value::Float(number))),
        OGRFieldType::OFTDate | OGRFieldType::OFTDateTime => {
            text.push_str(&iso_of_ogr(&feature.field_as_string(column).ok().flatten()?));
            Some(FieldContent::Date)
        }
        _ => {
            text.push_str(&feature.field_as_string(column).ok().flatten()?);
            Some(FieldContent::Text)
        }
    }
}
