//! A block of rows in a scratch file: Arrow IPC, compressed by LZ4, and the places of its rows beside it.

use std::io::Cursor;

use arrow_array::RecordBatch;
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::ArrowError;

use super::{RowsError, SpotPlace};
use crate::feature::ScratchFile;

/// Rows of a block: few, so that a stretch of a region needs little besides itself.
pub(super) const BLOCK_ROWS: usize = 2_048;
/// Bytes of a place in a file: longitude and latitude.
const PLACE_BYTES: usize = 16;

/// Where a block is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    at: u64,
    bytes: usize,
    centres_at: u64,
    /// Where the points that stand for its rows are, if not at the centres.
    points_at: Option<u64>,
    rows: usize,
}

/// A block that is not written yet: encoding takes a processor and is done for many at once, writing is not.
pub(super) struct EncodedBlock {
    rows: usize,
    bytes: Vec<u8>,
    centres: Vec<u8>,
    points: Option<Vec<u8>>,
}

impl EncodedBlock {
    /// Encodes rows, and the places of their centres and points.
    pub(super) fn encode(
        rows: &RecordBatch,
        centres: &[[f64; 2]],
        points: Option<&[[f64; 2]]>,
    ) -> Result<Self, ArrowError> {
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &rows.schema(), options)?;
        writer.write(rows)?;
        writer.finish()?;
        Ok(Self {
            rows: rows.num_rows(),
            bytes: writer.into_inner()?,
            centres: bytes_of(centres),
            points: points.map(bytes_of),
        })
    }

    pub(super) fn write(self, file: &dyn ScratchFile) -> Result<Block, RowsError> {
        let at = file.append(&self.bytes)?;
        // Places stand beside the rows, not in their columns: ordering a region reads them of every block, and no row.
        let centres_at = file.append(&self.centres)?;
        let points_at = self.points.map(|points| file.append(&points)).transpose()?;
        Ok(Block {
            at,
            bytes: self.bytes.len(),
            centres_at,
            points_at,
            rows: self.rows,
        })
    }
}

fn bytes_of(places: &[[f64; 2]]) -> Vec<u8> {
    places
        .as_flattened()
        .iter()
        .flat_map(|ordinate| ordinate.to_le_bytes())
        .collect()
}

impl Block {
    /// The columns at these places.
    pub(super) fn read_columns(
        &self,
        columns: &[usize],
        file: &dyn ScratchFile,
    ) -> Result<RecordBatch, RowsError> {
        // The bytes of all columns are read, in one go; those that nobody asks for stay compressed.
        let bytes = file.read(self.at, self.bytes)?;
        let mut batches = StreamReader::try_new(Cursor::new(bytes), Some(columns.to_vec()))?;
        match batches.next() {
            Some(rows) => Ok(rows?),
            None => Err(ArrowError::IpcError("a block without rows".to_owned()).into()),
        }
    }

    /// Where its rows stand.
    pub(super) fn read_places(
        &self,
        stands: SpotPlace,
        file: &dyn ScratchFile,
    ) -> Result<Vec<[f64; 2]>, RowsError> {
        let at = match stands {
            SpotPlace::AtCentre => self.centres_at,
            SpotPlace::AtPoint => self.points_at.unwrap_or(self.centres_at),
        };
        let bytes = file.read(at, self.rows * PLACE_BYTES)?;
        let ordinates = bytes.as_chunks::<8>().0.as_chunks::<2>().0;
        Ok(ordinates
            .iter()
            .map(|place| place.map(f64::from_le_bytes))
            .collect())
    }
}
