//! What can go wrong with a join, and the way out.

use std::io;
use std::path::PathBuf;

use crate::geoparquet::GeoparquetError;
use crate::kernel::jurisdiction::PartitionError;
use crate::source::SourceError;
use crate::store::StoreError;

/// Why a file can't be joined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the variants are documented; their fields are what the messages show"
)]
pub enum JoinError {
    /// The file or a set can't be read.
    #[error("cannot join")]
    Source { source: SourceError },
    /// Nothing says in which CRS a file is.
    #[error(
        "{shown} doesn't say in which CRS its coordinates are{}: declare it by `{flag}`, as `EPSG:<code>`; it is never guessed",
        unclear.as_ref().map(|text| format!(" (`{text}` is not enough)")).unwrap_or_default()
    )]
    NoCrs {
        shown: String,
        unclear: Option<String>,
        flag: String,
    },
    /// A table of text without columns that are coordinates by their names.
    #[error(
        "no column of {shown} is a longitude or a latitude by its name: name them by `--x` and `--y`, or one of well-known text \
         by `--wkt`; it has {}",
        quoted_list(found)
    )]
    NoCoordinates { shown: String, found: Vec<String> },
    /// Columns of coordinates for a format that has geometries.
    #[error("{shown} has geometries of its own: leave out `{flag}`")]
    NotText { shown: String, flag: &'static str },
    /// No field of a set is a code by its name.
    #[error(
        "no field of {shown} is a code by its name: name it by `--code {set}=FIELD`; it has {}",
        quoted_list(found)
    )]
    NoCodeField {
        shown: String,
        set: String,
        found: Vec<String>,
    },
    /// A field that a set doesn't have.
    #[error("{shown} has no field `{field}`{hint}")]
    MissingField {
        shown: String,
        field: String,
        hint: String,
    },
    /// A column to be added that the file has already.
    #[error("{shown} has a column `{column}` already: give the set another id by `--to ID=…`")]
    TakenColumn { shown: String, column: String },
    /// Shares of several sets.
    #[error("shares are those of one set: a row for each pair of jurisdictions would say nothing of either")]
    SharesOfSeveral,
    /// A set without polygons.
    #[error("{shown} has no polygon that can be used{}", first.as_ref().map(|first| format!(" ({first})")).unwrap_or_default())]
    NoPolygons { shown: String, first: Option<String> },
    /// A set of which too much is unusable.
    #[error("{bad} of {all} rows of {shown} are no polygons with a code, over a tenth: {first}")]
    BadPolygons {
        shown: String,
        bad: usize,
        all: usize,
        first: String,
    },
    /// A projected CRS whose coordinates are degrees.
    #[error(
        "{shown} is said to be in {crs}, but all its coordinates could be longitudes and latitudes: declare the right one"
    )]
    Degrees { shown: String, crs: String },
    /// A column whose type changes within the file.
    #[error(
        "column `{column}` of {shown} is {now} from row {row} on and was {before}: write .csv or .geojsonl, which take any value"
    )]
    ChangedType {
        shown: String,
        column: String,
        row: u64,
        before: String,
        now: String,
    },
    /// A set larger than memory can't wait in a scratch file, or be read back.
    #[error("{shown} is more than --set-memory, and can't be put aside: TMPDIR names another folder for it")]
    Partitions { shown: String, source: PartitionError },
    /// A file that changed between two readings.
    #[error("{shown} changed while it was joined: start again")]
    Changed { shown: String },
    /// The output can't be written.
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// The output can't be encoded.
    #[error("cannot write {}", path.display())]
    Encode {
        path: PathBuf,
        source: Box<GeoparquetError>,
    },
    /// A file can't be made.
    #[error("cannot make the file")]
    Store { source: StoreError },
}

impl JoinError {
    /// Whether the command line is wrong, and not a file.
    ///
    /// ```
    /// use cikr::join::JoinError;
    ///
    /// let error = JoinError::NoCrs {
    ///     shown: "clinics.csv".to_owned(),
    ///     unclear: None,
    ///     flag: "--crs".to_owned(),
    /// };
    /// assert!(error.is_mistake());
    /// ```
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::NoCrs { .. }
            | Self::NoCoordinates { .. }
            | Self::NotText { .. }
            | Self::NoCodeField { .. }
            | Self::MissingField { .. }
            | Self::TakenColumn { .. }
            | Self::SharesOfSeveral => true,
            Self::Source { source } => {
                matches!(
                    source,
                    SourceError::NoSuchLayer { .. } | SourceError::MissingColumn { .. }
                )
            }
            Self::NoPolygons { .. }
            | Self::BadPolygons { .. }
            | Self::Degrees { .. }
            | Self::ChangedType { .. }
            | Self::Partitions { .. }
            | Self::Changed { .. }
            | Self::Write { .. }
            | Self::Encode { .. }
            | Self::Store { .. } => false,
        }
    }

    /// Whether what is to be written can't be.
    pub fn is_output(&self) -> bool {
        matches!(
            self,
            Self::Write { .. } | Self::Encode { .. } | Self::Store { .. }
        )
    }
}

impl From<StoreError> for JoinError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}

fn quoted_list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
