//! An archive of a layer: rows in, from several threads at once and in any order; a file out, the same whatever the order.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;

use super::VectorTilesError;
use super::archive::{Archive, LargestTile, Scene};
use super::layer_tiles::{Family, TileLayer};
use super::lots::{LotSource, make_tiles};
use super::metadata::{ArchiveDoc, metadata_json};
use super::rows::{MappedRow, around, each_row};
use super::shape_tiles::{self, ShapeTiles, ZoomView, each_feature};
use super::sorted_records::{RecordSorter, RunFiller};
use super::thinned_points::{PointRecord, PointTiles};
use super::tile_pieces::TileRange;
use crate::feature::ScratchFile;
use crate::feature::records::RecordBudget;

/// What became of the rows of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Rows that were handed in.
    pub rows: u64,
    /// Rows whose handling is above TLP:CLEAR: a map is for everybody.
    pub withheld: u64,
    /// Rows beyond 85.0511° north or south, where the square of the world ends: they are on no tile.
    pub beyond_square: u64,
    /// Tiles of all zooms.
    pub tiles: u64,
    /// Features in the tiles of each zoom.
    pub features_by_zoom: Vec<u64>,
    /// The largest tile; none where there is no tile.
    pub largest: Option<LargestTile>,
    /// Tiles that have less than their cells, since they would be too large.
    pub crowded_tiles: u64,
}

/// Makes an archive of a layer's rows.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
/// use cikr::feature::records::RecordBudget;
/// use cikr::store::Scratch;
/// use cikr::vector_tiles::{ArchiveDoc, ArchiveMaker, Family, MapColumns, TileLayer};
///
/// let wkb = [&[1, 1, 0, 0, 0][..], &(-98.5_f64).to_le_bytes(), &31.0_f64.to_le_bytes()].concat();
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["dams:TX00001"]));
/// let geometry: ArrayRef = Arc::new(BinaryArray::from_vec(vec![&wkb]));
/// let rows = RecordBatch::try_from_iter([("facility_id", ids), ("geometry", geometry)])?;
/// let folder = tempfile::tempdir()?;
/// let room = RecordBudget { bytes: 1 << 20, space: Arc::new(Scratch::new(folder.path())) };
///
/// let columns = MapColumns::of_schema(rows.schema_ref(), &[]);
/// let maker = ArchiveMaker::new(TileLayer::new("dams", columns, "facility_id", Family::Points), &room)?;
/// maker.add_rows(&rows)?;
/// let mut archive = Vec::new();
/// let report = maker.write(&ArchiveDoc::default(), &mut archive)?;
/// assert_eq!((report.rows, report.tiles), (1, 15), "a tile on each zoom from 0 to 14");
/// assert!(archive.starts_with(b"PMTiles\x03"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ArchiveMaker {
    layer: TileLayer,
    file: Arc<dyn ScratchFile>,
    /// Points, or the features of tiles.
    records: RecordSorter,
    rows: AtomicU64,
    withheld: AtomicU64,
    beyond_square: AtomicU64,
    /// West, south, east, north of the rows on the square.
    bounds: Mutex<Option<[f64; 4]>>,
}

impl ArchiveMaker {
    /// Of no rows yet; what it keeps of them takes as much memory as there is room for, and a few tiles.
    ///
    /// # Errors
    /// When no scratch file can be made.
    pub fn new(layer: TileLayer, room: &RecordBudget) -> Result<Self, VectorTilesError> {
        let file = room.space.create_file(0).map_err(VectorTilesError::scratch)?;
        let file: Arc<dyn ScratchFile> = file.into();
        Ok(Self {
            layer,
            records: RecordSorter::new(room.bytes, &file),
            file,
            rows: AtomicU64::new(0),
            withheld: AtomicU64::new(0),
            beyond_square: AtomicU64::new(0),
            bounds: Mutex::default(),
        })
    }

    /// Takes rows: `geometry`, the column of ids, and what columns of the layer they have.
    ///
    /// # Errors
    /// When they lack one of the two, a geometry can't be understood, or the scratch file fails.
    pub fn add_rows(&self, rows: &RecordBatch) -> Result<(), VectorTilesError> {
        let mut record = Vec::new();
        let mut bounds: Option<[f64; 4]> = None;
        self.records.extend(|run| {
            each_row(&self.layer, rows, &mut |row: MappedRow<'_>| {
                if !row.is_for_everybody {
                    self.withheld.fetch_add(1, Ordering::Relaxed);
                } else if row.places.is_empty() && row.shapes.is_empty() {
                    self.beyond_square.fetch_add(1, Ordering::Relaxed);
                } else {
                    bounds = row.bounds_around(bounds);
                    self.add_row(&row, run, &mut record)?;
                }
                Ok(())
            })
        })?;
        self.rows.fetch_add(rows.num_rows() as u64, Ordering::Relaxed);
        let mut all = self.bounds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some([west, south, east, north]) = bounds {
            *all = Some(around(Some(around(*all, [west, south])), [east, north]));
        }
        Ok(())
    }

    fn add_row(
        &self,
        row: &MappedRow<'_>,
        run: &mut RunFiller<'_>,
        record: &mut Vec<u8>,
    ) -> Result<(), VectorTilesError> {
        if self.layer.family() == Family::Points {
            for at in row.places {
                record.clear();
                PointRecord {
                    place: at.place,
                    everywhere: row.everywhere,
                    deepest: row.deepest,
                }
                .push_to(record);
                let key = PointRecord::sort_key(at.place, row.digest);
                run.push(key, record).map_err(VectorTilesError::scratch)?;
            }
            return Ok(());
        }
        let deepest = self.layer.deepest();
        (0..=deepest).try_for_each(|zoom| {
            let view = ZoomView {
                zoom,
                is_deepest: zoom == deepest,
                tiles: TileRange::of_zoom(zoom),
            };
            each_feature(row, &view, &mut |tile, feature| {
                record.clear();
                feature.push_to(record);
                let key = shape_tiles::sort_key(tile, row.digest);
                run.push(key, record).map_err(VectorTilesError::scratch)
            })
        })
    }

    /// Makes all tiles and writes the archive, its bytes from first to last.
    ///
    /// # Errors
    /// When the scratch file fails, or the archive can't be written.
    pub fn write(self, doc: &ArchiveDoc, out: &mut dyn Write) -> Result<ArchiveReport, VectorTilesError> {
        let records = self.records.into_sorted().map_err(VectorTilesError::scratch)?;
        let mut archive = Archive::new(&self.file);
        let mut points;
        let mut shapes;
        let source: &mut dyn LotSource = if self.layer.family() == Family::Points {
            points = PointTiles::new(records);
            &mut points
        } else {
            shapes = ShapeTiles::new(records);
            &mut shapes
        };
        make_tiles(&self.layer, source, &mut |made| archive.push(made))?;
        let bounds = self.bounds.into_inner().unwrap_or_else(PoisonError::into_inner);
        let report = ArchiveReport {
            rows: self.rows.into_inner(),
            withheld: self.withheld.into_inner(),
            beyond_square: self.beyond_square.into_inner(),
            tiles: archive.tiles(),
            features_by_zoom: archive.features_by_zoom(),
            largest: archive.largest(),
            crowded_tiles: archive.crowded,
        };
        let metadata = metadata_json(doc, &self.layer, report.rows, report.largest)
            .map_err(|source| VectorTilesError::Metadata { source })?;
        let scene = Scene {
            bounds: bounds.unwrap_or_default(),
            deepest: self.layer.deepest(),
        };
        archive.write(&metadata, scene, out)?;
        Ok(report)
    }
}
