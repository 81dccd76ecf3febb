//! What is asked for: a file of rows, and sets of polygons, as the command line has them.

use std::path::{Path, PathBuf};

use crate::feature::Crs;

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAsked {
    /// Where it is.
    pub path: PathBuf,
    /// Table or sheet in it; the first with geometries where none is named.
    pub layer: Option<String>,
    /// Where its geometry is; by the usual names where nobody says.
    pub geometry: Option<GeometryAsked>,
    /// CRS that is declared for it.
    pub crs: Option<Crs>,
}

/// Columns that a geometry is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeometryAsked {
    /// Numbers.
    Xy {
        /// Column of x or longitude.
        x: String,
        /// Column of y or latitude.
        y: String,
    },
    /// Well-known text, or WKB of Parquet.
    Column(String),
}

/// A polygon set to be joined to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsked {
    /// What its columns begin with.
    pub id: String,
    /// Its polygons.
    pub file: FileAsked,
    /// Field of the codes; by the usual names where nobody says.
    pub code: Option<String>,
    /// Field of the names; by the usual names where nobody says, and none where there is none.
    pub name: Option<String>,
}

/// What is wanted of each row beside codes and names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Detail {
    /// Nothing.
    None,
    /// Rows outside every polygon get the nearest within so many metres: `<id>_distance_m`, 0 inside.
    Nearest(f64),
    /// A line or surface has a row for each jurisdiction that it is in: `<id>_share`, a part of its length or area.
    Shares,
}

impl Detail {
    /// What its column's name ends with.
    pub(super) fn suffix(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Nearest(_) => Some("distance_m"),
            Self::Shares => Some("share"),
        }
    }
}

impl FileAsked {
    /// A file of which nothing more is said.
    pub fn of_path(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            layer: None,
            geometry: None,
            crs: None,
        }
    }

    /// What messages call it.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }
}
