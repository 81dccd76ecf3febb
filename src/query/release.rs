//! A release that questions are put to.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_array::RecordBatch;

use super::account::Meter;
use super::answer::{Answer, AnswerHead};
use super::cache::{IndexCache, KEPT_BYTES};
use super::descent::{Resolved, may_be_in_item, unit_rows};
use super::items::{COLUMNS, TileItem, tiles_of};
use super::nearest::nearest_rows;
use super::order::in_order;
use super::project::Projection;
use super::reach::Reach;
use super::reader::Reader;
use super::scan::Scan;
use super::within::{condition_of, split_states_and_regions};
use super::{Limits, QueryError, Question, Within};
use crate::feature::release::paths::{FACILITIES, ITEMS, REPORT, collection_folder, reference_path};
use crate::feature::{ReleaseFiles, RunReport, Shape};
use crate::geoparquet::{TileIndex, read_bytes};
use crate::select::{Asked, Codes, RowFilter, SelectError, unknown_layer};

/// Longest table or report that is read whole, bytes.
const MOST_TABLE_BYTES: u64 = 256 << 20;

/// A release, for any number of questions at once; a clone is the same release.
///
/// ```no_run
/// use std::path::Path;
/// use std::sync::Arc;
///
/// use cikr::query::{FolderFiles, Limits, Question, Release};
///
/// let folder = Path::new("out/demo/public/latest");
/// let release = Release::new("latest", Arc::new(FolderFiles::new(folder)));
/// let mut question = Question { layer: "dams".to_owned(), ..Question::default() };
/// question.rows.window = Some("-106.7,25.8,-93.5,36.6".parse()?);
/// let mut answer = release.ask(&question, &Limits::default())?;
/// while let Some(rows) = answer.next().transpose()? {
///     println!("{} rows", rows.num_rows());
/// }
/// println!("{} bytes of {}", answer.account().bytes.read, answer.account().bytes.of);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Release {
    inner: Arc<Inner>,
}

struct Inner {
    id: String,
    files: Arc<dyn ReleaseFiles>,
    cache: Arc<IndexCache>,
    layers: Mutex<BTreeMap<String, Arc<Vec<TileItem>>>>,
    codes: OnceLock<Codes>,
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Release")
            .field("id", &self.inner.id)
            .finish_non_exhaustive()
    }
}

impl Release {
    /// The release of these files; nothing is read yet.
    pub fn new(id: &str, files: Arc<dyn ReleaseFiles>) -> Self {
        Self::with_cache(id, files, KEPT_BYTES)
    }

    /// The same, of whose footers and page indexes so many bytes are kept, about.
    pub fn with_cache(id: &str, files: Arc<dyn ReleaseFiles>, cache_bytes: u64) -> Self {
        Self {
            inner: Arc::new(Inner {
                id: id.to_owned(),
                files,
                cache: Arc::new(IndexCache::new(cache_bytes)),
                layers: Mutex::default(),
                codes: OnceLock::new(),
            }),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Answers a question.
    ///
    /// # Errors
    /// When it asks for what the release doesn't know, or a file can't be read.
    pub fn ask(&self, question: &Question, limits: &Limits) -> Result<Answer, QueryError> {
        if let Some(near) = &question.near {
            near.check()?;
            if near.k.is_some() && question.are_numbered {
                return Err(QueryError::asked(
                    "the nearest rows have no number: they come by their distance",
                ));
            }
        }
        let meter = Arc::new(Meter::default());
        let items = self.layer(&question.layer, &meter)?;
        meter.layer(
            items.len() as u64,
            items.iter().map(|item| item.rows).sum(),
            items.iter().map(|item| item.size).sum(),
        );
        let mut asked = question.rows.clone();
        let within = split_states_and_regions(&question.within, &mut asked);
        let filter = self.filter_of(&asked, &meter)?;
        let reach = question.near.as_ref().map(Reach::new);
        let mut met: Vec<TileItem> = items
            .iter()
            .filter(|item| item.first_row.saturating_add(item.rows) > question.from_row)
            .filter(|item| may_be_in_item(item, &filter, reach.as_ref()))
            .cloned()
            .collect();
        let k = question.near.and_then(|near| near.k);
        if let (Some(reach), Some(_)) = (&reach, k) {
            met.sort_by(|one, other| reach.least(one.bounds).total_cmp(&reach.least(other.bounds)));
        }
        let reader = Reader {
            files: Arc::clone(&self.inner.files),
            cache: Arc::clone(&self.inner.cache),
            meter,
            limits: limits.clone(),
        };
        // Of the nearest, the first tile tells the columns, and most others are never opened.
        let opened = reader.tiles(&first_of(&met, &items, k.is_some()))?;
        let Some(schema) = opened.first().map(|tile| Arc::clone(tile.schema())) else {
            return Err(absent(&question.layer));
        };
        filter.check(&schema)?;
        let filter = self.placed(filter, &within, &question.layer, &schema, &reader.meter)?;
        let columns = Projection::resolve(question, &filter, &schema)?;
        // Of rows in an order of their own all are looked at.
        let few = question.limit.filter(|_| question.order.is_none());
        let resolved = Resolved {
            reader,
            filter,
            reach,
            columns,
            constants: Arc::default(),
            from_row: question.from_row,
            unit_rows: unit_rows(few),
            are_few: few.is_some(),
        };
        // In the order of the paths again: ties in distance are told by the places of rows.
        met.sort_by(|one, other| one.path.cmp(&other.path));
        answer_of(question, resolved, met, &opened)
    }

    /// Rows of a table of the release, some columns; none where there is no such table.
    fn table(&self, path: &str, columns: &[&str], meter: &Meter) -> Result<Option<RecordBatch>, QueryError> {
        let Some(bytes) = self.inner.files.read_whole(path, MOST_TABLE_BYTES)? else {
            return Ok(None);
        };
        meter.request(bytes.len() as u64);
        Ok(Some(read_bytes(Path::new(path), bytes, Some(columns))?))
    }

    fn layer(&self, id: &str, meter: &Meter) -> Result<Arc<Vec<TileItem>>, QueryError> {
        let kept = self
            .inner
            .layers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let is_name = !id.is_empty()
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let file = collection_folder(id).join(ITEMS).display().to_string();
        let table = if is_name {
            self.table(&file, &COLUMNS, meter)?
        } else {
            None
        };
        let Some(table) = table else {
            return Err(self.no_layer(id));
        };
        let tiles = Arc::new(tiles_of(id, &file, &table)?);
        let mut layers = self.inner.layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers.insert(id.to_owned(), Arc::clone(&tiles));
        Ok(tiles)
    }

    /// Why there is no such layer, as far as the release's report tells.
    fn no_layer(&self, id: &str) -> QueryError {
        let read = self.inner.files.read_whole(REPORT, MOST_TABLE_BYTES);
        let bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return QueryError::format(REPORT, "there is none: this is no release"),
            Err(error) => return error.into(),
        };
        match serde_json::from_slice::<RunReport>(&bytes) {
            Ok(report) => {
                let inventory = collection_folder(FACILITIES).join(ITEMS).display().to_string();
                let has_inventory = self.inner.files.read_whole(&inventory, MOST_TABLE_BYTES);
                unknown_layer(&report, matches!(has_inventory, Ok(Some(_))), id).into()
            }
            Err(error) => QueryError::format(REPORT, error.to_string()),
        }
    }

    fn filter_of(&self, asked: &Asked, meter: &Meter) -> Result<RowFilter, QueryError> {
        if !asked.names_codes() {
            return Ok(asked.resolve_rows(&Codes::default())?);
        }
        if let Some(codes) = self.inner.codes.get() {
            return Ok(asked.resolve_rows(codes)?);
        }
        let codes = Codes::of_tables(&mut |table, columns| {
            self.table(&reference_path(table).display().to_string(), columns, meter)
        })?;
        let codes = self.inner.codes.get_or_init(|| codes);
        Ok(asked.resolve_rows(codes)?)
    }

    fn placed(
        &self,
        filter: RowFilter,
        within: &[Within],
        layer: &str,
        schema: &arrow_schema::Schema,
        meter: &Meter,
    ) -> Result<RowFilter, QueryError> {
        let read = |path: &str, columns: &[&str]| self.table(path, columns, meter);
        within.iter().try_fold(filter, |filter, one| {
            Ok(filter.with_condition(condition_of(one, layer, schema, &read)?))
        })
    }
}

/// Tiles whose footers tell what the answer looks like.
fn first_of<'a>(met: &'a [TileItem], all: &'a [TileItem], is_nearest: bool) -> Vec<&'a TileItem> {
    match met {
        [] => all.iter().take(1).collect(),
        met if is_nearest => met.iter().take(1).collect(),
        met => met.iter().collect(),
    }
}

fn answer_of(
    question: &Question,
    resolved: Resolved,
    met: Vec<TileItem>,
    opened: &[Arc<TileIndex>],
) -> Result<Answer, QueryError> {
    let head = head_of(question, &resolved.columns, opened)?;
    let columns = resolved.columns.clone();
    let meter = Arc::clone(&resolved.reader.meter);
    let k = question.near.and_then(|near| near.k);
    let limit = question.limit;
    let found = match (
        resolved.reach,
        k,
        question.order.as_ref().zip(columns.order.as_deref()),
    ) {
        (Some(reach), Some(k), order) => {
            let nearest = nearest_rows(&resolved, &reach, &met, k)?.map(Ok).into_iter();
            match order {
                Some((order, column)) => in_order(nearest, order, column, limit)?.map(Ok),
                None => nearest.last(),
            }
        }
        (_, _, Some((order, column))) => in_order(Scan::new(resolved, met), order, column, limit)?.map(Ok),
        _ => {
            let rows = Box::new(Scan::new(resolved, met));
            return Ok(Answer::new(head, rows, columns, limit, meter));
        }
    };
    Ok(Answer::new(
        head,
        Box::new(found.into_iter()),
        columns,
        limit,
        meter,
    ))
}

fn head_of(
    question: &Question,
    columns: &Projection,
    opened: &[Arc<TileIndex>],
) -> Result<AnswerHead, QueryError> {
    let mut types: Vec<String> = Vec::new();
    for tile in opened {
        let geo = tile.geo()?;
        let column = geo.as_ref().and_then(|geo| geo.primary_column_metadata());
        types.extend(
            column
                .into_iter()
                .flat_map(|column| column.geometry_types.iter().cloned()),
        );
    }
    types.sort();
    types.dedup();
    Ok(AnswerHead {
        layer: question.layer.clone(),
        schema: Arc::clone(&columns.schema),
        shape: Shape::of_types(types.iter().map(String::as_str)),
        geometry_types: types,
    })
}

fn absent(layer: &str) -> QueryError {
    SelectError::Absent {
        layer: layer.to_owned(),
        reason: "it has no tiles".to_owned(),
    }
    .into()
}
