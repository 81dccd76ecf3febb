//! What the footer of a delta says: of which file, which file it makes, and how.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::DeltaError;
use super::runs::{Run, runs_of_text};
use crate::geoparquet::{FooterEntry, GroupedFile, WriteOptions};

/// Key of the recipe in the footer of a delta.
pub(super) const KEY: &str = "cikr:delta";
/// The form of a recipe that this program writes, and the only one it reads.
pub(super) const VERSION: u32 = 1;
/// Most rows of a file that a delta makes: beyond that, what is kept of each row would be felt.
pub(super) const MOST_ROWS: usize = 16_000_000;

/// How a file is made of an older one and of the rows of a delta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// The form of it.
    pub version: u32,
    /// SHA-256 of the old file.
    pub of: String,
    /// SHA-256 of the file that it makes.
    pub makes: String,
    /// Rows of a data page.
    pub page_rows: usize,
    /// zstd level.
    pub zstd_level: i32,
    /// Rows of each row group.
    pub group_rows: Vec<usize>,
    /// Keys and values of the footer.
    pub footer: Vec<FooterEntry>,
    /// Which rows follow each other, as text.
    pub runs: String,
}

impl Recipe {
    pub(super) fn write_options(&self) -> WriteOptions {
        WriteOptions {
            page_rows: self.page_rows,
            zstd_level: self.zstd_level,
        }
    }

    /// Its runs, which take exactly the rows that there are.
    ///
    /// # Errors
    /// When they ask for rows that aren't there, or don't fill the row groups.
    pub(super) fn checked_runs(
        &self,
        delta: &Path,
        rows_of_old: usize,
        rows_of_delta: usize,
    ) -> Result<Vec<Run>, DeltaError> {
        let fault = |what: String| DeltaError::Recipe {
            path: delta.to_owned(),
            what,
        };
        let rows = self
            .group_rows
            .iter()
            .try_fold(0_usize, |sum, rows| sum.checked_add(*rows));
        let Some(rows) = rows.filter(|rows| *rows <= MOST_ROWS) else {
            return Err(fault(format!("it makes more than {MOST_ROWS} rows")));
        };
        let runs = runs_of_text(&self.runs).map_err(|error| fault(error.to_string()))?;
        let mut fresh = 0_usize;
        let mut kept = 0_usize;
        for run in &runs {
            if run.start.saturating_add(run.kept) > rows_of_old {
                return Err(fault(
                    "it asks for rows that the old file doesn't have".to_owned(),
                ));
            }
            fresh = fresh.saturating_add(run.fresh);
            kept = kept.saturating_add(run.kept);
        }
        if fresh != rows_of_delta || fresh.saturating_add(kept) != rows {
            return Err(fault(format!(
                "its runs have {fresh} new rows and {kept} old ones, and it has {rows_of_delta} rows for a file of {rows}"
            )));
        }
        Ok(runs)
    }
}

/// The recipe in the footer of a delta.
///
/// # Errors
/// When the file can't be read, or has none that this program understands.
pub fn read_recipe(delta: &Path) -> Result<Recipe, DeltaError> {
    recipe_of(delta, &GroupedFile::open(delta)?)
}

pub(super) fn recipe_of(path: &Path, delta: &GroupedFile) -> Result<Recipe, DeltaError> {
    let fault = |what: String| DeltaError::Recipe {
        path: path.to_owned(),
        what,
    };
    let entries = delta.footer_entries();
    let Some((_, text)) = entries.iter().find(|(key, _)| key == KEY) else {
        return Err(fault(format!("its footer has no key `{KEY}`")));
    };
    let recipe: Recipe = serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
    if recipe.version != VERSION {
        return Err(fault(format!(
            "its form is {}, and this program reads {VERSION}",
            recipe.version
        )));
    }
    Ok(recipe)
}
