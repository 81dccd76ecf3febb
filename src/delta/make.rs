//! What differs between two versions of a file, as a delta.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::UInt64Array;
use arrow_select::take::take_record_batch;

use super::DeltaError;
use super::digest::row_digests;
use super::recipe::{KEY, MOST_ROWS, Recipe, VERSION};
use super::runs::{RunsInMaking, runs_to_text};
use crate::geoparquet::{Encodings, FeatureWriter, GroupedFile, WriteOptions};

/// Of the rows of a file, the greatest share that may be new: beyond it, the whole file is hardly longer.
const GREATEST_SHARE: f64 = 0.5;

/// A file, and its digest.
#[derive(Debug, Clone, Copy)]
pub struct FileVersion<'a> {
    /// Where it lies.
    pub path: &'a Path,
    /// Its SHA-256.
    pub sha256: &'a str,
}

/// Writes what it takes to make `new` of `old`. Tells how many rows of it `old` doesn't have; none where a delta is of no use,
/// since the files have other columns, too many rows, or hardly one in common. What was written then is no delta.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
/// use cikr::delta::{FileVersion, apply_delta, make_delta};
/// use cikr::geoparquet::{WriteOptions, write_table};
///
/// let table = |beds: Vec<u64>| {
///     let beds: ArrayRef = Arc::new(UInt64Array::from(beds));
///     let mut file = tempfile::NamedTempFile::new()?;
///     write_table(&RecordBatch::try_from_iter([("beds", beds)])?, &[], &WriteOptions::default(), &mut file)?;
///     Ok::<_, Box<dyn std::error::Error>>(file)
/// };
/// let old = table(vec![5, 6, 7])?;
/// let new = table(vec![5, 7, 8])?;
/// let before = FileVersion { path: old.path(), sha256: "of the old one" };
/// let after = FileVersion { path: new.path(), sha256: "of the new one" };
/// let mut delta = tempfile::NamedTempFile::new()?;
/// assert_eq!(make_delta(before, after, &WriteOptions::default(), &mut delta)?, Some(1));
/// let mut again = Vec::new();
/// apply_delta(old.path(), delta.path(), &mut again)?;
/// assert_eq!(again, std::fs::read(new.path())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a file can't be read, or `out` fails.
pub fn make_delta<W: Write + Send>(
    old: FileVersion<'_>,
    new: FileVersion<'_>,
    options: &WriteOptions,
    out: W,
) -> Result<Option<u64>, DeltaError> {
    let before = GroupedFile::open(old.path)?;
    let after = GroupedFile::open(new.path)?;
    let rows: usize = after.group_rows().iter().sum();
    let rows_before: usize = before.group_rows().iter().sum();
    if before.schema() != after.schema() || rows.max(rows_before) > MOST_ROWS {
        return Ok(None);
    }
    let compared = Compared::of_digests(&row_digests(old.path, &before)?, &row_digests(new.path, &after)?);
    let fresh: usize = compared.fresh.iter().map(Vec::len).sum();
    if fresh as f64 > rows as f64 * GREATEST_SHARE {
        return Ok(None);
    }
    let runs = runs_to_text(&compared.runs.finish()).map_err(|error| DeltaError::Recipe {
        path: new.path.to_owned(),
        what: error.to_string(),
    })?;
    let recipe = Recipe {
        version: VERSION,
        of: old.sha256.to_owned(),
        makes: new.sha256.to_owned(),
        page_rows: options.page_rows,
        zstd_level: options.zstd_level,
        group_rows: after.group_rows(),
        footer: after.footer_entries(),
        runs,
    };
    write_fresh_rows(new.path, &after, &compared.fresh, &recipe, out)?;
    Ok(Some(fresh as u64))
}

/// Where the rows of a new file come from.
struct Compared {
    runs: RunsInMaking,
    /// Of each row group, the rows that the old file doesn't have.
    fresh: Vec<Vec<u64>>,
}

impl Compared {
    fn of_digests(old: &[Vec<u64>], new: &[Vec<u64>]) -> Self {
        let old: Vec<u64> = old.concat();
        // Sorted rather than hashed: half the memory, and most rows are never looked up.
        let mut places: Vec<(u64, u32)> = old.iter().copied().zip(0..).collect();
        rayon::slice::ParallelSliceMut::par_sort_unstable(places.as_mut_slice());
        let mut runs = RunsInMaking::default();
        let mut fresh = Vec::with_capacity(new.len());
        let mut next = 0;
        for group in new {
            let mut fresh_of_group = Vec::new();
            for (row, digest) in (0_u64..).zip(group) {
                // Nearly every row follows the one that it followed before.
                let found = if old.get(next) == Some(digest) {
                    Some(next)
                } else {
                    first_place(&places, *digest)
                };
                if let Some(place) = found {
                    runs.push_kept(place);
                    next = place + 1;
                } else {
                    runs.push_fresh();
                    fresh_of_group.push(row);
                }
            }
            fresh.push(fresh_of_group);
        }
        Self { runs, fresh }
    }
}

/// The first row with a digest.
fn first_place(places: &[(u64, u32)], digest: u64) -> Option<usize> {
    let at = places.partition_point(|(known, _)| *known < digest);
    let (found, place) = places.get(at)?;
    (*found == digest).then_some(*place as usize)
}

fn write_fresh_rows<W: Write + Send>(
    path: &Path,
    file: &GroupedFile,
    fresh: &[Vec<u64>],
    recipe: &Recipe,
    out: W,
) -> Result<(), DeltaError> {
    let text = serde_json::to_string(recipe).map_err(|error| DeltaError::Recipe {
        path: path.to_owned(),
        what: error.to_string(),
    })?;
    let what = path.display().to_string();
    let schema = Arc::clone(file.schema());
    let mut writer =
        FeatureWriter::with_encodings(&what, schema, &recipe.write_options(), Encodings::Plain, out);
    for (group, rows) in fresh.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        let taken = take_record_batch(&file.read_group(group)?, &UInt64Array::from(rows.clone()));
        let taken = taken.map_err(|source| DeltaError::Rows {
            path: path.to_owned(),
            source,
        })?;
        writer.write_row_group(&taken)?;
    }
    writer.close_with(&[(KEY.to_owned(), text)])?;
    Ok(())
}

/// Encodings of a file with these keys in its footer.
pub(super) fn encodings_of(footer: &[(String, String)]) -> Encodings {
    if footer.iter().any(|(key, _)| key == "geo") {
        Encodings::Spatial
    } else {
        Encodings::Plain
    }
}
