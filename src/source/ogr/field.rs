//! A field of a feature: a number, a date, or text in whatever encoding.
//!
//! GDAL's text of a date is taken, not its parts: it alone tells an instant in UTC from one in an unknown zone.

use gdal::vector::{Feature, OGRFieldType};

use crate::source::column::Value;
use crate::source::text::iso;

/// What there is in a field.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// A number.
    Number(Value<'static>),
    /// A date or an instant, as text in ISO 8601.
    Date,
    /// Text.
    Text,
}

/// What there is in a field, none for null; the text goes into `text`.
pub(super) fn content(
    feature: &Feature<'_>,
    column: usize,
    kind: OGRFieldType::Type,
    text: &mut String,
) -> Option<Content> {
    match kind {
        OGRFieldType::OFTInteger | OGRFieldType::OFTInteger64 => feature
            .field_as_integer64(column)
            .ok()
            .flatten()
            .map(|number| Content::Number(Value::Integer(number))),
        OGRFieldType::OFTReal => feature
            .field_as_double(column)
            .ok()
            .flatten()
            .map(|number| Content::Number(Value::Number(number))),
        OGRFieldType::OFTDate | OGRFieldType::OFTDateTime => {
            text.push_str(&iso(&feature.field_as_string(column).ok().flatten()?));
            Some(Content::Date)
        }
        _ => {
            text.push_str(&feature.field_as_string(column).ok().flatten()?);
            Some(Content::Text)
        }
    }
}
