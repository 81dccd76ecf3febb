//! Where the geometry of delimited text or of a sheet is: in two columns of numbers, or in one of WKT.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{Check, plain_texts, text_or_empty};
use super::key::{Key, key};
use crate::config::{Span, Spanned};

/// Where the geometry of a delimited text file or a sheet is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvGeometry {
    /// Two numeric columns in the source's CRS.
    Xy {
        /// Column of x or longitude.
        x: String,
        /// Column of y or latitude.
        y: String,
        /// Numbers and words in either that stand for no coordinate.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        null: Vec<String>,
    },
    /// One column of WKT in the source's CRS.
    Wkt {
        /// Column of the text.
        column: String,
    },
}

/// The keys of which a source has one set and no other.
pub(super) const X_AND_Y_OR_WKT: [&[&str]; 2] = [&["x", "y"], &["wkt"]];

/// What the keys mean, for editors.
pub(super) fn keys() -> Vec<Key> {
    vec![
        key("source.*.x", "Column of x or longitude.").example("LONGITUDE"),
        key("source.*.y", "Column of y or latitude.").example("LATITUDE"),
        key(
            "source.*.null",
            "Values of x and y that stand for no coordinate; a number also in other digits, such as `0.000`.",
        )
        .example(["0"]),
        key(
            "source.*.wkt",
            "Column of the geometry as WKT, instead of x and y.",
        )
        .example("WKT"),
    ]
}

/// Either `x` and `y`, or `wkt`, of the source at `place`.
pub(super) fn resolve(
    check: &mut Check<'_>,
    place: &Span,
    [x, y, wkt]: [&Option<Spanned<String>>; 3],
    null: Option<&Spanned<Vec<Spanned<String>>>>,
) -> CsvGeometry {
    [x, y, wkt]
        .into_iter()
        .flatten()
        .for_each(|column| refuse_undecided(check, column));
    match (x, y, wkt) {
        (Some(_), _, Some(wkt)) | (_, Some(_), Some(wkt)) => {
            check.error(
                &wkt.span,
                "the geometry is either in `x` and `y` or in `wkt`, not both",
            );
        }
        // A draft that found no coordinates writes `EDIT-X` and `EDIT-Y`, which are refused above; here nobody
        // has written anything.
        (None, None, None) => {
            let help = "name its columns: `x` and `y`, or `wkt`";
            check.error(place, "nothing says where the geometry is").help = Some(help.to_owned());
        }
        (Some(one), None, None) => {
            check.error(&one.span, "`x` needs a `y`");
        }
        (None, Some(one), None) => {
            check.error(&one.span, "`y` needs an `x`");
        }
        (Some(x), Some(y), None) if x.value == y.value => {
            check.error(&y.span, "`x` and `y` are the same column");
        }
        _ => {}
    }
    // A cell of WKT is a geometry or empty: no number in it could stand for none.
    if let (Some(_), Some(null)) = (wkt, null) {
        check.error(&null.span, "`null` is for `x` and `y`");
    }
    let null = null.map(|words| plain_texts(&words.value)).unwrap_or_default();
    match wkt {
        Some(wkt) => CsvGeometry::Wkt {
            column: wkt.value.clone(),
        },
        None => CsvGeometry::Xy {
            x: text_or_empty(x.as_ref()),
            y: text_or_empty(y.as_ref()),
            null,
        },
    }
}

/// Refuses what a draft left to be said.
fn refuse_undecided(check: &mut Check<'_>, column: &Spanned<String>) {
    if column.value == "EDIT" || column.value.starts_with("EDIT-") {
        let message = format!("`{}` is not a column: a draft left it to be said", column.value);
        let help = "name the columns of the coordinates: `x` and `y`, or `wkt`";
        check.error(&column.span, message).help = Some(help.to_owned());
    }
}

impl CsvGeometry {
    /// Two columns, all of whose numbers count.
    ///
    /// ```
    /// use cikr::plan::CsvGeometry;
    ///
    /// let columns = CsvGeometry::of_columns("LONGITUDE", "LATITUDE");
    /// assert!(matches!(columns, CsvGeometry::Xy { x, null, .. } if x == "LONGITUDE" && null.is_empty()));
    /// ```
    pub fn of_columns(x: impl Into<String>, y: impl Into<String>) -> Self {
        Self::Xy {
            x: x.into(),
            y: y.into(),
            null: vec![],
        }
    }

    /// The keys that name its columns in a pipeline.
    pub(super) fn pipeline_keys(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Xy { x, y, null } => {
                let null = (!null.is_empty()).then_some(("null", json!(null)));
                [("x", json!(x)), ("y", json!(y))]
                    .into_iter()
                    .chain(null)
                    .collect()
            }
            Self::Wkt { column } => vec![("wkt", json!(column))],
        }
    }
}
