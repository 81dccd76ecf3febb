//! What can go wrong with an export.

use std::io;

use crate::feature::{ExportFormat, Shape};
use crate::select::SelectError;
use crate::source::VectorError;
use crate::store::StoreError;

/// Why rows can't be handed on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// What is asked for isn't in the release, or the release can't be read.
    #[error(transparent)]
    Select {
        /// Cause.
        source: SelectError,
    },
    /// Several layers for a format that has one.
    #[error(
        "a file of {} holds one layer, and these are {}: {}; a .gpkg holds many",
        format.title(), layers.len(), layers.join(", ")
    )]
    ManyLayers {
        /// The format.
        format: ExportFormat,
        /// The layers.
        layers: Vec<String>,
    },
    /// Geometries of several kinds for a format that has one.
    #[error("`{layer}` has geometries of several kinds, and a Shapefile one; .gpkg and .geojson hold them")]
    Mixed {
        /// The layer.
        layer: String,
    },
    /// GDAL can't write the file.
    #[error("cannot write {}", format.title())]
    Gdal {
        /// The format.
        format: ExportFormat,
        /// Cause.
        source: VectorError,
    },
    /// The text, or the zip, can't be written.
    #[error("cannot write {}", format.title())]
    Write {
        /// The format.
        format: ExportFormat,
        /// Cause.
        source: io::Error,
    },
    /// Rows of an answer can't be written.
    #[error("cannot write {what}")]
    Rows {
        /// What they are written as.
        what: &'static str,
        /// Cause.
        source: io::Error,
    },
    /// The store refuses a file.
    #[error("cannot make the file")]
    Store {
        /// Cause.
        source: StoreError,
    },
    /// A geometry that isn't as tiles have it.
    #[error("a geometry of `{layer}` can't be understood: `cikr verify` tells more of the release")]
    Geometry {
        /// The layer.
        layer: String,
    },
}

impl ExportError {
    /// Whether what was asked for is wrong, and not a file.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::Select { source } => source.is_mistake(),
            Self::ManyLayers { .. } | Self::Mixed { .. } => true,
            Self::Gdal { .. }
            | Self::Write { .. }
            | Self::Rows { .. }
            | Self::Store { .. }
            | Self::Geometry { .. } => false,
        }
    }

    /// A writer of this format fails.
    pub(super) fn writing(format: ExportFormat) -> impl Fn(io::Error) -> Self {
        move |source| Self::Write { format, source }
    }

    /// A kind of geometry that a shapefile can have.
    pub(super) fn unless_mixed(layer: &str, shape: Shape) -> Result<(), Self> {
        if shape == Shape::Mixed {
            return Err(Self::Mixed {
                layer: layer.to_owned(),
            });
        }
        Ok(())
    }
}

impl From<SelectError> for ExportError {
    fn from(source: SelectError) -> Self {
        Self::Select { source }
    }
}

impl From<StoreError> for ExportError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}
