//! What is read back of a tile that was written before.
//!
//! Opens tiles; never writes one.

use std::path::Path;

use arrow_array::Array;

use super::error::DeriveError;
use crate::feature::FacilityRows;
use crate::geoparquet;

/// Reads the named columns of a tile that are there, one batch; a carried tile may lack a newer one.
///
/// # Errors
/// When the tile can't be read.
pub fn read_present(tile: &Path, columns: &[&str]) -> Result<FacilityRows, DeriveError> {
    geoparquet::read_present(tile, columns).map_err(|source| DeriveError::Tile { source })
}

/// Nulls of a tile's columns but geometry and covering, in column order: from the footer where it tells, else from
/// the rows, which may have been read of it already.
pub(super) fn null_counts(tile: &Path, rows: &FacilityRows) -> Result<Vec<(String, u64)>, DeriveError> {
    let footer = geoparquet::read_footer(tile).map_err(|source| DeriveError::Tile { source })?;
    let told = geoparquet::null_counts(tile).map_err(|source| DeriveError::Tile { source })?;
    let names: Vec<&str> = footer
        .schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| !matches!(*name, "geometry" | "bbox"))
        .collect();
    // Lists, and text that hardly repeats, have no statistics in the footer. What was read for another purpose needn't
    // be read twice.
    let unread: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !told.contains_key(*name) && rows.column(name).is_none())
        .collect();
    let more = if unread.is_empty() {
        None
    } else {
        Some(read_present(tile, &unread)?)
    };
    let mut counts = Vec::with_capacity(names.len());
    for name in names {
        let nulls = match told.get(name) {
            Some(nulls) => *nulls,
            None => rows
                .column(name)
                .or_else(|| more.as_ref()?.column(name))
                .map_or(0, |column| column.null_count() as u64),
        };
        counts.push((name.to_owned(), nulls));
    }
    Ok(counts)
}
