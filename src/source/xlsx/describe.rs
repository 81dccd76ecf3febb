//! What a workbook holds, before anybody has written a pipeline for it.

use std::path::Path;
use std::sync::Arc;

use crate::plan::{CsvGeometry, Format};

use super::super::describe::{Description, LIMITS, LayerDescription, likely_geometry, untyped_columns};
use super::super::error::SourceError;
use super::{SheetPlace, WorkbookLimits, XlsxRecords, likely_header, listed_sheets};

/// Describes every visible sheet; the geometry is that of the first, its first column where none looks like it.
pub(in crate::source) fn describe(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let bounds = WorkbookLimits {
        record: LIMITS.record_bytes,
        archive: LIMITS.archive_bytes,
    };
    let mut layers: Vec<LayerDescription> = Vec::new();
    let mut format = None;
    let sheets = listed_sheets(path, shown, bounds.archive)?;
    for sheet in &sheets {
        let header_row = likely_header(path, shown, sheet, bounds)?;
        let place = SheetPlace {
            sheet: Some(sheet),
            header_row,
        };
        let records = match XlsxRecords::open_header(path, shown, place, bounds) {
            // A blank sheet beside others is nothing to stop at.
            Err(SourceError::Empty { .. }) if sheets.len() > 1 => continue,
            records => records?,
        };
        let found = likely_geometry(records.header());
        let first = records.header().first().cloned().unwrap_or_default();
        let geometry = found.clone().unwrap_or(CsvGeometry::Wkt { column: first });
        let chosen = (sheets.len() > 1).then(|| sheet.clone());
        format.get_or_insert(Format::Xlsx {
            sheet: chosen,
            header_row,
            geometry,
        });
        layers.push(LayerDescription {
            name: sheet.clone(),
            geometry: matches!(found, Some(CsvGeometry::Xy { .. })).then(|| "Point".to_owned()),
            crs: None,
            features: None,
            columns: untyped_columns(records.header().iter().cloned()),
        });
    }
    Ok(Description {
        format,
        dialect: None,
        layers,
    })
}
