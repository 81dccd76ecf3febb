//! The selected rows of one layer, some thousands at a time, in the order of its tiles.
//!
//! Opens tiles; writes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use arrow_schema::SchemaRef;

use super::{RowFilter, SelectError};
use crate::feature::{FacilityRows, Shape};
use crate::geoparquet::{GeoparquetError, RowGroups};

/// The row groups of a layer that may have selected rows.
#[derive(Debug)]
pub struct Scan<'a> {
    filter: &'a RowFilter,
    schema: SchemaRef,
    shape: Shape,
    /// Tiles in order, each with the numbers of its row groups.
    tiles: Vec<(RowGroups, Vec<usize>)>,
}

impl<'a> Scan<'a> {
    /// Of a layer's tiles, in the order of their paths; none where it has no tile.
    ///
    /// # Errors
    /// When a tile can't be read, and where a condition doesn't fit the layer's columns.
    pub fn of_tiles(tiles: &[PathBuf], filter: &'a RowFilter) -> Result<Option<Self>, SelectError> {
        let mut kept = Vec::new();
        let mut types = BTreeSet::new();
        let mut schema = None;
        for path in tiles {
            let tile = RowGroups::open(path)?;
            // Of all tiles, whatever is selected: a part of a layer is of the kind of the whole.
            types.extend(tile.geometry_types()?);
            if schema.is_none() {
                filter.check(tile.schema())?;
                schema = Some(SchemaRef::clone(tile.schema()));
            }
            if !filter.may_be_in_tile(path) {
                continue;
            }
            let groups = (0..tile.count()).filter(|group| filter.may_be_in_group(&tile, *group));
            let groups: Vec<usize> = groups.collect();
            if !groups.is_empty() {
                kept.push((tile, groups));
            }
        }
        Ok(schema.map(|schema| Self {
            filter,
            schema,
            shape: Shape::of_types(types.iter().map(String::as_str)),
            tiles: kept,
        }))
    }

    /// Columns of the rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The kind of geometry of the whole layer.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Rows that are looked at: those of every row group that may have selected ones.
    pub fn rows(&self) -> u64 {
        let tiles = self.tiles.iter();
        tiles
            .map(|(tile, groups)| groups.iter().map(|group| tile.rows(*group)).sum::<u64>())
            .sum()
    }

    /// Shows the selected rows, some thousands at a time, and how many were looked at for them.
    ///
    /// # Errors
    /// When a tile can't be read, and whatever `see` fails with.
    pub fn for_each<E: From<SelectError>>(
        &self,
        see: &mut dyn FnMut(&FacilityRows, u64) -> Result<(), E>,
    ) -> Result<(), E> {
        for (tile, groups) in &self.tiles {
            for group in groups {
                for rows in tile.read(*group).map_err(SelectError::from)? {
                    let rows = rows.map_err(SelectError::from)?;
                    let looked_at = rows.num_rows() as u64;
                    see(&self.selected(rows)?, looked_at)?;
                }
            }
        }
        Ok(())
    }

    fn selected(&self, rows: FacilityRows) -> Result<FacilityRows, SelectError> {
        if self.filter.takes_all() {
            return Ok(rows);
        }
        // As many marks as rows: this can't fail, and says so of no file.
        let selected = rows.filter(&self.filter.marks(&rows));
        selected.map_err(|source| GeoparquetError::decode_error("the selected rows".as_ref(), source).into())
    }
}
