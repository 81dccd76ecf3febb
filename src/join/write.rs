//! Joins a file to sets and writes every row with the columns that these add, as the rows come.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::Rect;

use super::ahead::Ahead;
use super::answers::Asking;
use super::asked::Detail;
use super::count::note_defects;
use super::csv_text::CsvLayout;
use super::error::JoinError;
use super::geojson_text::{self, COLLECTION_END, COLLECTION_SEPARATOR, COLLECTION_START, LINE_SEPARATOR};
use super::open::Opened;
use super::own_columns::{own_columns, own_names};
use super::parquet_rows::{ParquetLayout, ParquetPiece, joint_box};
use super::polygons::PolygonSet;
use super::rejects::{RejectsFile, rejects_of};
use super::schema::{added_names, refuse_taken_names};
use super::shares::spread_by_share;
use super::stream::{Flow, for_each_batch};
use super::table::JoinedBatch;
use super::tally::Tally;
use super::target::{JoinFormat, Target};
use crate::feature::Reject;
use crate::geoparquet::{FeatureWriter, GeoparquetError, WriteOptions};

/// Bytes that wait to be written.
const BUFFER_BYTES: usize = 1 << 17;

/// How rows are written, once it is known which columns there are.
enum Layout {
    Parquet(ParquetLayout),
    Csv(CsvLayout),
    Geojson,
    Geojsonl,
}

/// A batch ready to be written.
enum Piece {
    Parquet(ParquetPiece),
    Text(Vec<u8>),
}

/// What is written into.
enum Sink<'a> {
    Parquet(Box<ParquetSink>),
    Text(TextSink<'a>),
}

struct ParquetSink {
    writer: FeatureWriter<BufWriter<File>>,
    extent: Option<Rect<f64>>,
    kinds: BTreeSet<&'static str>,
}

struct TextSink<'a> {
    out: Box<dyn Write + 'a>,
    separator: &'static [u8],
    /// What ends the file.
    end: &'static [u8],
    is_first: bool,
}

/// Writes every row of a file with a code, and a name where there is one, of each set.
///
/// Rows that can't be placed have no codes and no geometry; of those whose record is broken nothing is written, and the tally has
/// them as left out. Memory holds some batches. A file is named by [`super::NewFile::commit`].
///
/// # Errors
/// Where the file can't be read, has a column of a name that is to be added, or the output can't be written.
pub fn write(
    opened: &Opened,
    sets: &[PolygonSet],
    flow: Flow<'_>,
    format: JoinFormat,
    target: Target<'_>,
    mut rejects: Option<&mut RejectsFile>,
) -> Result<Tally, JoinError> {
    let detail = flow.detail;
    let added = added_names(sets, detail);
    let layout = Layout::of_file(opened, sets, format, &added, detail)?;
    let path = match &target {
        Target::File(file) => file.path().to_owned(),
        Target::Stream(_) => PathBuf::from("-"),
    };
    let mut sink = Sink::begin_file(&layout, target).map_err(|error| error.at_path(&path))?;
    let ahead = Ahead::ask(opened, sets, flow)?;
    let asking = Asking {
        opened,
        sets,
        ahead: &ahead,
        detail,
    };
    let mut whole = Tally::new(sets);
    for_each_batch(
        opened,
        flow,
        &|batch, rows_before, transform| {
            refuse_taken_names(opened, &added, batch.columns.iter().map(|(name, _)| name))?;
            let joined = JoinedBatch::of_batch(batch, rows_before, transform, asking)?;
            let (mut tally, rejected) = tally_of(&joined, sets);
            // Counts are of the rows of the file, of which several rows of the output may be made.
            let joined = match detail {
                Detail::Shares => spread_by_share(joined, sets, &mut tally),
                Detail::None | Detail::Nearest(_) => joined,
            };
            let piece = layout.encode_batch(&joined, opened, sets, detail)?;
            Ok((piece, tally, rejected))
        },
        &mut |(piece, tally, rejected): (Piece, Tally, Vec<Reject>)| {
            whole.add_tally(tally);
            if let Some(rejects) = rejects.as_deref_mut() {
                rejects.write_rows(&rejected)?;
            }
            sink.write_piece(piece).map_err(|error| error.at_path(&path))
        },
    )?;
    sink.finish_file().map_err(|error| error.at_path(&path))?;
    Ok(whole)
}

fn tally_of(joined: &JoinedBatch, sets: &[PolygonSet]) -> (Tally, Vec<Reject>) {
    let mut tally = Tally::new(sets);
    let batch = &joined.batch;
    let defects = &joined.positions.defects;
    tally.rows = batch.len() as u64;
    if joined.detail != Detail::Shares {
        for (counts, answers) in tally.sets.iter_mut().zip(&joined.answers) {
            counts.note_answers(answers, defects.len());
        }
    }
    note_defects(&mut tally, &batch.source, batch, defects);
    let rejected = rejects_of(&batch.source, defects, |index| batch.rows.value(index));
    (tally, rejected)
}

impl Layout {
    fn of_file(
        opened: &Opened,
        sets: &[PolygonSet],
        format: JoinFormat,
        added: &[String],
        detail: Detail,
    ) -> Result<Self, JoinError> {
        match format {
            JoinFormat::Parquet => {
                let own = own_columns(opened)?;
                refuse_taken_names(opened, added, own.iter().map(|column| &column.name))?;
                Ok(Self::Parquet(ParquetLayout::new(own, sets, detail)))
            }
            JoinFormat::Csv => {
                let own = own_names(opened)?;
                refuse_taken_names(opened, added, &own)?;
                Ok(Self::Csv(CsvLayout::new(opened, own, sets, detail)))
            }
            // A feature names its members itself.
            JoinFormat::Geojson => Ok(Self::Geojson),
            JoinFormat::Geojsonl => Ok(Self::Geojsonl),
        }
    }

    fn encode_batch(
        &self,
        joined: &JoinedBatch,
        opened: &Opened,
        sets: &[PolygonSet],
        detail: Detail,
    ) -> Result<Piece, JoinError> {
        let separator = self.separator();
        Ok(match self {
            Self::Parquet(layout) => Piece::Parquet(layout.encode_batch(joined, opened, sets)?),
            Self::Csv(layout) => Piece::Text(layout.encode_batch(joined, sets)),
            Self::Geojson | Self::Geojsonl => {
                Piece::Text(geojson_text::encode_batch(joined, sets, detail, separator))
            }
        })
    }

    /// What stands between two rows.
    fn separator(&self) -> &'static [u8] {
        match self {
            Self::Geojson => COLLECTION_SEPARATOR,
            Self::Geojsonl => LINE_SEPARATOR,
            // A row of CSV ends itself.
            Self::Parquet(_) | Self::Csv(_) => b"",
        }
    }
}

/// Why a sink fails, before it is known what it writes.
enum SinkError {
    Io(io::Error),
    Parquet(GeoparquetError),
    Join(JoinError),
}

impl SinkError {
    fn at_path(self, path: &Path) -> JoinError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => JoinError::Write { path, source },
            Self::Parquet(source) => JoinError::Encode {
                path,
                source: Box::new(source),
            },
            Self::Join(error) => error,
        }
    }
}

impl From<io::Error> for SinkError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<'a> Sink<'a> {
    fn begin_file(layout: &Layout, target: Target<'a>) -> Result<Self, SinkError> {
        let (start, end) = match layout {
            Layout::Parquet(_) => (vec![], &b""[..]),
            Layout::Csv(layout) => (layout.header_text(), &b""[..]),
            Layout::Geojson => (COLLECTION_START.to_vec(), COLLECTION_END),
            Layout::Geojsonl => (vec![], LINE_SEPARATOR),
        };
        let mut out: Box<dyn Write + 'a> = match (layout, target) {
            (Layout::Parquet(layout), Target::File(file)) => {
                let out =
                    BufWriter::with_capacity(BUFFER_BYTES, file.create_file().map_err(SinkError::Join)?);
                let what = file.path().display().to_string();
                let schema = Arc::clone(&layout.schema);
                return Ok(Self::Parquet(Box::new(ParquetSink {
                    writer: FeatureWriter::new(&what, schema, &WriteOptions::default(), out),
                    extent: None,
                    kinds: BTreeSet::new(),
                })));
            }
            (_, Target::File(file)) => Box::new(BufWriter::with_capacity(
                BUFFER_BYTES,
                file.create_file().map_err(SinkError::Join)?,
            )),
            (_, Target::Stream(out)) => Box::new(BufWriter::with_capacity(BUFFER_BYTES, out)),
        };
        out.write_all(&start)?;
        Ok(Self::Text(TextSink {
            out,
            separator: layout.separator(),
            end,
            is_first: true,
        }))
    }

    fn write_piece(&mut self, piece: Piece) -> Result<(), SinkError> {
        match (self, piece) {
            (Self::Parquet(sink), Piece::Parquet(piece)) => sink.write_piece(piece),
            (Self::Text(sink), Piece::Text(text)) => sink.write_text(&text),
            // A layout makes pieces of one kind, and its sink is of that kind.
            _ => Ok(()),
        }
    }

    fn finish_file(self) -> Result<(), SinkError> {
        match self {
            Self::Parquet(sink) => {
                let kinds: Vec<String> = sink.kinds.into_iter().map(str::to_owned).collect();
                let closed = sink.writer.close(sink.extent, &kinds, &[]);
                closed.map(|_rows| ()).map_err(SinkError::Parquet)
            }
            Self::Text(mut sink) => {
                // A file of lines without a line is empty.
                if !(sink.is_first && sink.end == LINE_SEPARATOR) {
                    sink.out.write_all(sink.end)?;
                }
                Ok(sink.out.flush()?)
            }
        }
    }
}

impl ParquetSink {
    fn write_piece(&mut self, piece: ParquetPiece) -> Result<(), SinkError> {
        self.extent = self.extent.into_iter().chain(piece.extent).reduce(joint_box);
        self.kinds.extend(piece.kinds);
        if piece.rows.num_rows() == 0 {
            return Ok(());
        }
        self.writer
            .write_row_group(&piece.rows)
            .map_err(SinkError::Parquet)
    }
}

impl TextSink<'_> {
    fn write_text(&mut self, text: &[u8]) -> Result<(), SinkError> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.is_first {
            self.out.write_all(self.separator)?;
        }
        self.is_first = false;
        Ok(self.out.write_all(text)?)
    }
}
