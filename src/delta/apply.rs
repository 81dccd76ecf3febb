//! A new file made of an old one and a delta, row group by row group.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;

use super::DeltaError;
use super::make::encodings_of;
use super::recipe::recipe_of;
use super::runs::Run;
use crate::geoparquet::{FeatureWriter, GroupedFile};

/// Writes the file that a delta makes of the old one. Whether it is that file, its digest tells.
///
/// Memory holds the row groups, of the old file and of the delta, that one row group of the new file has rows of: a few, since rows
/// stay where they were but for some.
///
/// # Errors
/// When a file can't be read, the delta isn't one or isn't of this file, or `out` fails.
pub fn apply_delta<W: Write + Send>(old: &Path, delta: &Path, out: W) -> Result<(), DeltaError> {
    let old_file = GroupedFile::open(old)?;
    let delta_file = GroupedFile::open(delta)?;
    let recipe = recipe_of(delta, &delta_file)?;
    if old_file.schema() != delta_file.schema() {
        return Err(DeltaError::Recipe {
            path: delta.to_owned(),
            what: "its columns are others than those of the old file".to_owned(),
        });
    }
    let mut kept = GroupedRows::new(&old_file);
    let mut fresh = GroupedRows::new(&delta_file);
    let runs = recipe.checked_runs(delta, kept.rows(), fresh.rows())?;
    let mut pieces = pieces_of(&runs).into_iter();
    let mut rest: Option<Piece> = None;
    let what = delta.display().to_string();
    let schema = Arc::clone(old_file.schema());
    let encodings = encodings_of(&recipe.footer);
    let mut writer = FeatureWriter::with_encodings(&what, schema, &recipe.write_options(), encodings, out);
    for rows in &recipe.group_rows {
        let mut batches = Vec::new();
        let mut missing = *rows;
        while missing > 0 {
            // The runs fill the row groups: it was checked.
            let Some(mut piece) = rest.take().or_else(|| pieces.next()) else {
                break;
            };
            rest = piece.split_off(missing);
            missing -= piece.rows.len();
            let source = if piece.is_fresh { &mut fresh } else { &mut kept };
            source.take_rows(piece.rows, &mut batches)?;
        }
        let group = concat_batches(old_file.schema(), &batches).map_err(|source| DeltaError::Rows {
            path: delta.to_owned(),
            source,
        })?;
        writer.write_row_group(&group)?;
        kept.forget_unused();
        fresh.forget_unused();
    }
    writer.close_with(&recipe.footer)?;
    Ok(())
}

/// Rows that follow each other in one of the two files.
struct Piece {
    is_fresh: bool,
    rows: Range<usize>,
}

impl Piece {
    /// Leaves the first so many rows, and gives the others.
    fn split_off(&mut self, most: usize) -> Option<Self> {
        let end = self.rows.start.saturating_add(most);
        if self.rows.end <= end {
            return None;
        }
        let rows = end..self.rows.end;
        self.rows.end = end;
        Some(Self {
            is_fresh: self.is_fresh,
            rows,
        })
    }
}

fn pieces_of(runs: &[Run]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(runs.len() * 2);
    let mut next_fresh = 0;
    for run in runs {
        let fresh = next_fresh..next_fresh + run.fresh;
        next_fresh = fresh.end;
        let kept = run.start..run.start + run.kept;
        for (is_fresh, rows) in [(true, fresh), (false, kept)] {
            if !rows.is_empty() {
                pieces.push(Piece { is_fresh, rows });
            }
        }
    }
    pieces
}

/// The rows of a file by their numbers, of which those row groups are in memory that are in use.
struct GroupedRows<'a> {
    file: &'a GroupedFile,
    /// The first row of each row group, and at the end the number of all.
    starts: Vec<usize>,
    decoded: BTreeMap<usize, Decoded>,
}

struct Decoded {
    rows: RecordBatch,
    is_used: bool,
}

impl<'a> GroupedRows<'a> {
    fn new(file: &'a GroupedFile) -> Self {
        let mut starts = vec![0];
        let mut rows = 0;
        for of_group in file.group_rows() {
            rows += of_group;
            starts.push(rows);
        }
        Self {
            file,
            starts,
            decoded: BTreeMap::new(),
        }
    }

    fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    /// Adds rows, which the file has, to a list.
    fn take_rows(&mut self, mut wanted: Range<usize>, out: &mut Vec<RecordBatch>) -> Result<(), DeltaError> {
        while !wanted.is_empty() {
            let group = self.starts.partition_point(|start| *start <= wanted.start) - 1;
            let end = wanted.end.min(self.starts[group + 1]);
            let offset = wanted.start - self.starts[group];
            let rows = self.group(group)?;
            out.push(rows.slice(offset, end - wanted.start));
            wanted.start = end;
        }
        Ok(())
    }

    fn group(&mut self, group: usize) -> Result<&RecordBatch, DeltaError> {
        let decoded = match self.decoded.entry(group) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(Decoded {
                rows: self.file.read_group(group)?,
                is_used: true,
            }),
        };
        decoded.is_used = true;
        Ok(&decoded.rows)
    }

    /// Forgets row groups that the last row group took nothing of.
    fn forget_unused(&mut self) {
        self.decoded
            .retain(|_, decoded| std::mem::take(&mut decoded.is_used));
    }
}
