//! Rows as they are published, and the files that they stand in.
//!
//! LEAF.

use std::path::PathBuf;

use arrow_array::{Array, BinaryArray, Float32Array, RecordBatch};
use geo::Rect;

use super::facility_rows::FacilityRows;
use super::ids::RegionId;
use super::release::paths;
use super::texts::Texts;
use super::typed_column::ColumnError;

/// Rows in a layer's published schema: core columns, then the layer's attributes, then
/// `geometry` (little-endian 2-D WKB in OGC:CRS84, never null) and `bbox`
/// (struct of f32 `xmin, ymin, xmax, ymax`, rounded outward, never null).
/// Those by which rows are found and told apart are there in any case.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureBatch(FacilityRows);

/// Columns without which rows aren't published.
const REQUIRED: [&str; 5] = ["facility_id", "state_code", "region_code", "geometry", "bbox"];

impl FeatureBatch {
    /// Takes rows that are as they are published.
    ///
    /// # Errors
    /// When a published column has another type, or one by which rows are found isn't there; when a row has no geometry
    /// or no box.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use arrow_array::{ArrayRef, RecordBatch, StringArray};
    /// use cikr::feature::FeatureBatch;
    ///
    /// let text: ArrayRef = Arc::new(StringArray::from(vec!["dams:TX00001"]));
    /// let columns = ["facility_id", "state_code", "region_code"].map(|name| (name, Arc::clone(&text)));
    /// let refused = FeatureBatch::try_new(RecordBatch::try_from_iter(columns)?).unwrap_err();
    /// assert_eq!(refused.to_string(), "no column `geometry`, which is to be Binary");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_new(rows: RecordBatch) -> Result<Self, ColumnError> {
        Self::of_rows(FacilityRows::try_new(rows)?)
    }

    /// The same of rows whose types are known.
    ///
    /// # Errors
    /// As `try_new`.
    pub fn of_rows(rows: FacilityRows) -> Result<Self, ColumnError> {
        for name in REQUIRED {
            let column = rows.require(name)?;
            if matches!(name, "geometry" | "bbox") && column.null_count() > 0 {
                return Err(ColumnError::HoldsNulls {
                    column: name.to_owned(),
                });
            }
        }
        Ok(Self(rows))
    }

    /// The rows.
    pub fn facilities(&self) -> &FacilityRows {
        &self.0
    }

    /// The rows as Arrow has them, for what writes them.
    pub fn as_batch(&self) -> &RecordBatch {
        self.0.as_batch()
    }

    /// `region_code`.
    ///
    /// # Panics
    /// Never: rows without it are refused.
    pub fn regions(&self) -> Texts<'_> {
        self.0.regions().expect(CHECKED)
    }

    /// `geometry`, WKB without nulls.
    ///
    /// # Panics
    /// Never: rows without it are refused.
    pub fn geometry(&self) -> &BinaryArray {
        self.0.geometry().expect(CHECKED)
    }

    /// The sides of `bbox`: west, south, east, north.
    ///
    /// # Panics
    /// Never: rows without it are refused.
    pub fn covering(&self) -> [&Float32Array; 4] {
        self.0.covering().expect(CHECKED)
    }
}

/// Why a required column can't be missing.
const CHECKED: &str = "rows without this column were refused when they were made";

/// One GeoParquet file to be: which rows it is for, and how they are cut. The rows come row group by row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Collection the tile belongs to: a layer id, or `facilities`.
    pub collection: String,
    /// Region it is for.
    pub region: RegionId,
    /// 0-based number within the region.
    pub ordinal: u32,
    /// Row-group lengths.
    pub row_groups: Vec<usize>,
}

impl Tile {
    /// Path below the collection's `data/` folder.
    ///
    /// ```
    /// use std::path::Path;
    /// use cikr::feature::{RegionId, Tile};
    ///
    /// let tile = Tile {
    ///     collection: "dams".to_owned(),
    ///     region: RegionId::new(Some("R06")),
    ///     ordinal: 0,
    ///     row_groups: vec![10_240],
    /// };
    /// assert_eq!(tile.file(), Path::new("region=R06/part-000.parquet"));
    /// ```
    pub fn file(&self) -> PathBuf {
        paths::tile_file(&self.region, self.ordinal)
    }
}

/// What stands on disk for a tile.
#[derive(Debug, Clone)]
pub struct TileRecord {
    /// Collection: a layer id, or `facilities`.
    pub collection: String,
    /// Region it is for.
    pub region: RegionId,
    /// 0-based number within the region.
    pub ordinal: u32,
    /// Path relative to the release, such as `layers/dams/data/region=R06/part-000.parquet`.
    pub path: PathBuf,
    /// Rows in the file.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Exact extent, degrees.
    pub extent: Rect<f64>,
    /// GeoParquet names of the geometry types present, sorted.
    pub geometry_types: Vec<String>,
}

/// What stands on disk for a file that holds a whole layer.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Path relative to the release, such as `layers/dams/national.parquet`.
    pub path: PathBuf,
    /// Rows in the file.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray, StructArray};
    use arrow_schema::{DataType, Field, Fields};

    use super::*;
    use crate::feature::BBOX_SIDES;

    /// A row in its required columns, with or without a geometry.
    fn row(wkb: Option<&[u8]>) -> RecordBatch {
        let text: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        let sides: Fields = BBOX_SIDES
            .iter()
            .map(|side| Field::new(*side, DataType::Float32, false))
            .collect();
        let side: ArrayRef = Arc::new(Float32Array::from(vec![1.0]));
        let boxes: ArrayRef = Arc::new(StructArray::new(sides, vec![side; 4], None));
        let geometry: ArrayRef = Arc::new(BinaryArray::from(vec![wkb]));
        let texts = REQUIRED[..3].iter().map(|name| (*name, Arc::clone(&text)));
        RecordBatch::try_from_iter(texts.chain([("geometry", geometry), ("bbox", boxes)])).unwrap()
    }

    #[test]
    fn published_rows_have_the_columns_that_rows_are_found_by() {
        let whole = row(Some(&[1]));
        let published = FeatureBatch::try_new(whole.clone()).unwrap();
        assert_eq!(published.geometry().value(0), [1]);
        assert_eq!(published.regions().value(0), Some("a"));
        for name in REQUIRED {
            let mut without = whole.clone();
            without.remove_column(without.schema().index_of(name).unwrap());
            let told = FeatureBatch::try_new(without).unwrap_err().to_string();
            assert!(told.starts_with(&format!("no column `{name}`")), "{told}");
        }
    }

    #[test]
    fn a_published_row_without_geometry_is_refused() {
        let told = FeatureBatch::try_new(row(None)).unwrap_err();
        assert_eq!(told.to_string(), "the column `geometry` holds nulls");
    }
}
