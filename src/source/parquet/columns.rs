//! The columns that every file of a Parquet source has, and the check that they all have them.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::error::SourceError;
use super::super::header;
use super::super::ogr::canonical_crs;
use super::super::stated_crs::StatedCrs;
use super::files::DataFile;
use super::footer::{self, Footer};
use super::geometry::{self, GeometryColumn};
use super::text;

/// What every file of a source has in common.
pub(super) struct SharedColumns {
    /// Columns of the files, then the keys of their folders.
    pub(super) names: Vec<String>,
    /// How many of them are in the files.
    pub(super) in_file: usize,
    /// Their types, in the words of the first file.
    pub(super) types: Vec<String>,
    pub(super) geometry: GeometryColumn,
    pub(super) geometry_name: String,
}

/// Looks at every file's footer: the columns they share, and the rows of all.
pub(super) fn survey_files(
    files: &[DataFile],
    shown: &Arc<str>,
    wanted: Option<&str>,
) -> Result<(SharedColumns, u64), SourceError> {
    let mut columns: Option<(usize, SharedColumns)> = None;
    let mut rows = 0;
    let mut silent = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let (_, footer) = footer::open_footer(&file.path, &file.shown)?;
        rows += footer.row_count();
        let found = match geometry::find_geometry(&footer, &file.shown, wanted) {
            // DuckDB describes no geometry that is null in every row.
            Err(error @ SourceError::NoGeometry { .. }) if files.len() > 1 => {
                silent.push((file, footer, error));
                continue;
            }
            found => SharedColumns::new(&footer, file, found?),
        };
        match &columns {
            None => columns = Some((at, found)),
            Some((first, columns)) => columns.check_same_columns(&files[*first], &found, file)?,
        }
    }
    let Some((first, columns)) = columns else {
        let error = silent.into_iter().next().map(|(_, _, error)| error);
        return Err(error.unwrap_or_else(|| SourceError::Empty {
            shown: shown.to_string(),
        }));
    };
    // Only now is it known which column would be the geometry.
    for (file, footer, error) in silent {
        let found = columns.of_nulls(&footer, file).ok_or(error)?;
        columns.check_same_columns(&files[first], &found, file)?;
    }
    Ok((columns, rows))
}

impl SharedColumns {
    fn new(footer: &Footer, file: &DataFile, geometry: GeometryColumn) -> Self {
        let beside = geometry::redundant_columns(footer, &geometry);
        let kept: Vec<usize> = (0..footer.names.len())
            .filter(|at| *at != geometry.position && !beside.contains(at))
            .filter(|at| text::can_spell(footer.data_type(*at)))
            .collect();
        let mut types: Vec<String> = kept.iter().map(|at| footer.type_name(*at)).collect();
        types.extend(file.keys.iter().map(|_| "partition".to_owned()));
        let in_file = kept.iter().map(|at| footer.names[*at].as_str());
        let names = header::unique_names(in_file.chain(file.keys.iter().map(|(key, _)| key.as_str())));
        let geometry_name = footer.names[geometry.position].clone();
        Self {
            names,
            in_file: kept.len(),
            types,
            geometry,
            geometry_name,
        }
    }

    /// The columns of a file that declares no geometry, where the column that is one in the other files
    /// is null throughout.
    fn of_nulls(&self, footer: &Footer, file: &DataFile) -> Option<Self> {
        let position = footer.names.iter().position(|name| *name == self.geometry_name)?;
        let geometry = GeometryColumn {
            position,
            ..self.geometry.clone()
        };
        footer
            .is_all_null(position)
            .then(|| Self::new(footer, file, geometry))
    }

    /// Files of one source have the same columns and CRS, in any order.
    fn check_same_columns(&self, first: &DataFile, other: &Self, file: &DataFile) -> Result<(), SourceError> {
        let missing = self.names_lacking_in(other);
        let further = other.names_lacking_in(self);
        if !missing.is_empty() || !further.is_empty() || self.in_file != other.in_file {
            return Err(SourceError::MixedColumns {
                shown: file.shown.to_string(),
                first: first.shown.to_string(),
                missing,
                further,
            });
        }
        let ours = display_crs(&self.geometry.stated);
        let theirs = display_crs(&other.geometry.stated);
        if ours == theirs && self.geometry_name == other.geometry_name {
            return Ok(());
        }
        Err(SourceError::MixedGeometry {
            shown: file.shown.to_string(),
            first: first.shown.to_string(),
            ours: format!("`{}` in {ours}", self.geometry_name),
            theirs: format!("`{}` in {theirs}", other.geometry_name),
        })
    }

    fn names_lacking_in(&self, other: &Self) -> Vec<String> {
        let there: HashSet<&String> = other.names.iter().collect();
        let lacking = self.names.iter().filter(|name| !there.contains(name));
        lacking.cloned().collect()
    }

    /// Says what a reader of the file might look for in vain.
    pub(super) fn warn_repeated_keys(&self, shown: &str) {
        let keys = &self.names[self.in_file..];
        for key in keys {
            let twin = self.names[..self.in_file]
                .iter()
                .find(|name| key.strip_suffix("_2") == Some(name));
            if let Some(name) = twin {
                tracing::warn!(
                    source = shown,
                    name,
                    key,
                    "a folder's key repeats a column of the files: both are kept"
                );
            }
        }
    }
}

fn display_crs(stated: &StatedCrs) -> String {
    match stated {
        StatedCrs::Named(crs) => canonical_crs(crs).to_string(),
        StatedCrs::Unclear(text) => format!("`{text}`"),
        StatedCrs::Silent | StatedCrs::Rfc7946 => "an unknown CRS".to_owned(),
    }
}
