//! The grid's lists as bytes, and whether what was read points anywhere.

use std::io::{self, Read, Write};

use super::super::stored::{ListReader, ListWriter, StoredIndexError};
use super::frame::Axis;
use super::record::{PAGE, PageView};
use super::{EMPTY, Grid, RECORD};

impl Grid {
    pub(in super::super) fn write_lists(&self, lists: &mut ListWriter<impl Write>) -> io::Result<()> {
        lists.put(&self.extent)?;
        for axis in [self.columns, self.rows] {
            lists.put(&[axis.origin, axis.scale])?;
            lists.put(&[axis.tiles])?;
        }
        lists.put(&self.tiles)?;
        lists.put(&self.cells)?;
        lists.put(&self.records)
    }

    /// Reads the lists of a set with so many codes, and so many places in its outlines.
    pub(in super::super) fn read_lists(
        lists: &mut ListReader<impl Read>,
        codes: usize,
        places: usize,
    ) -> Result<Self, StoredIndexError> {
        let grid = Self {
            extent: lists.take_array()?,
            columns: read_axis(lists)?,
            rows: read_axis(lists)?,
            tiles: lists.take()?,
            cells: lists.take()?,
            records: lists.take()?,
        };
        let tiles = u64::from(grid.columns.tiles) * u64::from(grid.rows.tiles);
        StoredIndexError::unless(tiles > 0 && tiles == grid.tiles.len() as u64, "tiles are missing")?;
        let cells = grid.cells.len();
        let has_cells = grid.tiles.iter().all(|tile| are_cells_there(*tile, cells));
        StoredIndexError::unless(has_cells, "a tile's cells are missing")?;
        let begins = record_begins(&grid.records, codes, places)?;
        let is_known = grid.cells.iter().all(|word| match *word {
            EMPTY => true,
            rank if rank & RECORD == 0 => (rank as usize) < codes,
            record => begins.get((record & !RECORD) as usize).copied().unwrap_or(false),
        });
        StoredIndexError::unless(is_known, "a cell's record isn't there")?;
        Ok(grid)
    }
}

fn are_cells_there([first, side]: [u32; 2], cells: usize) -> bool {
    let side = u64::from(side);
    let end = side
        .checked_mul(side)
        .and_then(|count| count.checked_add(u64::from(first)));
    side > 0 && end.is_some_and(|end| end <= cells as u64)
}

fn read_axis(lists: &mut ListReader<impl Read>) -> Result<Axis, StoredIndexError> {
    let [origin, scale] = lists.take_array()?;
    let [tiles] = lists.take_array()?;
    Ok(Axis { origin, scale, tiles })
}

/// Of each word, whether a record begins there; all of them are checked.
fn record_begins(records: &[u32], codes: usize, places: usize) -> Result<Vec<bool>, StoredIndexError> {
    let mut begins = vec![false; records.len()];
    let mut at = 0;
    let mut is_new = true;
    while at < records.len() {
        let page = PageView::read(&records[at..]).filter(|page| is_sound(page, codes, places));
        let Some(page) = page else {
            return Err(StoredIndexError::Damaged {
                what: "a record points nowhere",
            });
        };
        begins[at] = is_new;
        is_new = page.is_last;
        at += page.len;
    }
    StoredIndexError::unless(is_new, "the last record has no end")?;
    Ok(begins)
}

/// Whether all that a page points to is there.
fn is_sound(page: &PageView<'_>, codes: usize, places: usize) -> bool {
    let count = page.owners.len();
    let beyond = u32::try_from(count)
        .ok()
        .and_then(|count| u32::MAX.checked_shl(count))
        .unwrap_or(0);
    let turns = page.turns.chunks_exact(3).map(|turn| turn[2]);
    let runs = page.runs.chunks_exact(3).map(|run| run[2]);
    let has_masks = turns
        .chain(runs)
        .chain([page.ground])
        .all(|mask| mask & beyond == 0);
    has_masks
        && (1..=PAGE).contains(&count)
        && page.owners.iter().all(|owner| (*owner as usize) < codes)
        && page
            .runs
            .chunks_exact(3)
            .all(|run| run[0] as usize + (run[1] as usize) < places)
}
