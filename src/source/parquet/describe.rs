//! What GeoParquet holds, before anybody has written a pipeline for it.

use std::path::Path;
use std::sync::Arc;

use crate::plan::Format;

use super::super::crs::{Stated, normalise};
use super::super::describe::{ColumnDescription, Description, LIMITS, LayerDescription, stem};
use super::super::error::SourceError;
use super::ParquetSource;

/// Describes a file or a folder of files by its footer.
pub(in crate::source) fn describe(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let records = ParquetSource::open(path, shown, None, LIMITS.record_bytes)?;
    let types = records.geometry_types().join(", ");
    let columns = records.columns().iter().zip(records.types());
    let layer = LayerDescription {
        name: stem(path),
        geometry: (!types.is_empty()).then_some(types),
        crs: match records.stated() {
            Stated::Named(crs) => Some(normalise(&crs)),
            Stated::Silent | Stated::Unclear(_) | Stated::Rfc7946 => None,
        },
        features: Some(records.rows()),
        columns: columns
            .map(|(name, kind)| ColumnDescription {
                name: name.clone(),
                declared: Some(kind.clone()),
            })
            .collect(),
    };
    Ok(Description {
        format: Some(Format::Parquet { geometry: None }),
        dialect: None,
        layers: vec![layer],
    })
}
