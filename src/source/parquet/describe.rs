//! What GeoParquet holds, before anybody has written a pipeline for it.

use std::path::Path;
use std::sync::Arc;

use crate::plan::Format;

use super::super::describe::{ColumnDescription, Description, LIMITS, LayerDescription, stem_name};
use super::super::error::SourceError;
use super::super::ogr::canonical_crs;
use super::super::stated_crs::StatedCrs;
use super::ParquetSource;

/// Describes a file or a folder of files by its footer.
pub(in crate::source) fn describe(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let records = ParquetSource::open(path, shown, None, LIMITS.record_bytes)?;
    let types = records.geometry_types().join(", ");
    let columns = records.columns().iter().zip(records.types());
    let layer = LayerDescription {
        name: stem_name(path),
        geometry: (!types.is_empty()).then_some(types),
        crs: match records.stated_crs() {
            StatedCrs::Named(crs) => Some(canonical_crs(&crs)),
            StatedCrs::Silent | StatedCrs::Unclear(_) | StatedCrs::Rfc7946 => None,
        },
        features: Some(records.row_count()),
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
