//! Tiles made of the rows of a release, by the same rules as those of its archives.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::feature::error_chain;
use crate::query::{AnswerHead, Limits, Question};
use crate::serve::collection::Collection;
use crate::serve::features::show_no_more;
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::vector_tiles::{Family, MapColumns, TileId, TileLayer, TileMaker};

/// Bytes of features that a tile is made of at most; some thousand points never have so many.
const MOST_BYTES: usize = 64 << 20;
/// The column that tells features apart.
const ID_COLUMN: &str = "facility_id";

/// A tile of a collection, in gzip; none where nothing is there.
///
/// # Errors
/// When there is too much in it, or its rows can't be read.
pub(super) fn tile(
    release: &Opened,
    of: &Collection,
    tile: TileId,
    limits: &Limits,
) -> Result<Option<Bytes>, Problem> {
    let tiles = release.made_tiles();
    let bytes = tiles.tile_or_made(of.id(), tile, || made(release, of, tile, limits))?;
    Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

fn made(release: &Opened, of: &Collection, tile: TileId, limits: &Limits) -> Result<Bytes, Problem> {
    let layer = layer(release, of, limits)?;
    let question = question_of(release, of, &layer, tile)?;
    let mut maker = TileMaker::new(&layer, tile);
    for rows in release.questions().ask(&question, limits)? {
        maker
            .push_rows(&rows?)
            .map_err(|error| Problem::internal(&error_chain(&error)))?;
        if maker.held_bytes() > MOST_BYTES {
            return Err(Problem::bad_request(format!(
                "the release has no archive of this layer's tiles, and this tile has more than {MOST_BYTES} bytes of \
                 features: expected a deeper zoom, or a release made with `map = true`"
            )));
        }
    }
    match maker.finish() {
        tile if tile.is_empty() => Ok(Bytes::new()),
        tile => packed(&tile).map_err(|error| Problem::internal(&error.to_string())),
    }
}

/// What tiles of a collection have in common.
///
/// # Errors
/// When the collection can't be read.
pub(super) fn layer(release: &Opened, of: &Collection, limits: &Limits) -> Result<Arc<TileLayer>, Problem> {
    if let Some(kept) = release.made_tiles().layer(of.id()) {
        return Ok(kept);
    }
    let question = Question {
        layer: of.id().to_owned(),
        limit: Some(0),
        ..Question::default()
    };
    let answer = release.questions().ask(&question, limits)?;
    let layer = Arc::new(layer_of(answer.head()));
    release.made_tiles().keep_layer(of.id(), &layer);
    Ok(layer)
}

fn layer_of(head: &AnswerHead) -> TileLayer {
    let columns = MapColumns::of_schema(&head.schema, &[]);
    let family = Family::of_types(head.geometry_types.iter().map(String::as_str));
    TileLayer::new(&head.layer, columns, ID_COLUMN, family)
}

/// Rows of a tile, with what it shows of them.
fn question_of(
    release: &Opened,
    of: &Collection,
    layer: &TileLayer,
    tile: TileId,
) -> Result<Question, Problem> {
    let sides = tile.bounds_with_buffer().map(|side| side.to_string());
    let window = sides.join(",").parse();
    let mut columns: Vec<String> = layer.columns().names_at(tile.zoom()).map(str::to_owned).collect();
    columns.extend([ID_COLUMN.to_owned(), "geometry".to_owned()]);
    let mut question = Question {
        layer: of.id().to_owned(),
        columns: Some(columns),
        ..Question::default()
    };
    question.rows.window =
        Some(window.map_err(|error: crate::select::BadWindow| Problem::internal(&error.to_string()))?);
    show_no_more(&mut question, release);
    Ok(question)
}

fn packed(bytes: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish().map(Bytes::from)
}
