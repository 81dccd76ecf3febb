//! Where the geometry of a row of text is: in two columns of numbers, or in one of WKT.
//!
//! Pure; shared by text files and sheets.

use std::borrow::Cow;

use geo::{Geometry, Point};

use crate::feature::{RejectReason, unseen};
use crate::plan::CsvGeometry;

use super::dimensions::Dimensions;
use super::error::SourceError;
use super::shape::Shape;
use super::well_known_text::from_wkt;

/// The columns that hold the geometry, by position.
#[derive(Debug, Clone)]
pub(super) enum GeometryColumns {
    /// x and y.
    Xy {
        /// Column of x.
        x: usize,
        /// Column of y.
        y: usize,
        /// Values in either that stand for none.
        null: Vec<String>,
    },
    /// Well-known text.
    Wkt(usize),
}

impl GeometryColumns {
    /// Finds the columns that a plan names; `position` looks a name up.
    pub(super) fn find(
        geometry: &CsvGeometry,
        position: impl Fn(&str) -> Result<usize, SourceError>,
    ) -> Result<Self, SourceError> {
        Ok(match geometry {
            CsvGeometry::Xy { x, y, null } => Self::Xy {
                x: position(x)?,
                y: position(y)?,
                null: null.clone(),
            },
            CsvGeometry::Wkt { column } => Self::Wkt(position(column)?),
        })
    }

    /// Columns that a row must have to have a geometry.
    pub(super) fn least_width(&self) -> usize {
        match self {
            Self::Xy { x, y, .. } => x.max(y) + 1,
            Self::Wkt(column) => column + 1,
        }
    }

    /// The geometry of a row whose columns `field` gives, or why it has none; and the column to blame.
    pub(super) fn read_shape<'a>(&self, field: impl Fn(usize) -> Cow<'a, str>) -> (usize, Shape) {
        match self {
            Self::Wkt(column) => (*column, from_wkt(&field(*column))),
            Self::Xy { x, y, null } => {
                let x_value = match parse_ordinate(&field(*x), null) {
                    Ok(value) => value,
                    Err(reason) => return (*x, Shape::Lacking(reason)),
                };
                match parse_ordinate(&field(*y), null) {
                    Ok(y_value) => {
                        let point = Geometry::Point(Point::new(x_value, y_value));
                        (*x, Shape::Found(point, Dimensions::default()))
                    }
                    Err(reason) => (*y, Shape::Lacking(reason)),
                }
            }
        }
    }
}

/// A finite number, or why it is none; `null` are numbers and words that stand for none.
fn parse_ordinate(text: &str, null: &[String]) -> Result<f64, RejectReason> {
    let text = unseen::visible_text(text).unwrap_or_default();
    if text.is_empty() || null.iter().any(|word| word.eq_ignore_ascii_case(&text)) {
        return Err(RejectReason::NullGeometry);
    }
    let value = text
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .ok_or(RejectReason::NotANumber)?;
    // `-999` and `-999.0` are one number, however the pipeline and the file spell it.
    let is_null = null.iter().any(|word| word.parse() == Ok(value));
    if is_null {
        Err(RejectReason::NullGeometry)
    } else {
        Ok(value)
    }
}
