//! From a plan to accepted pages: survey, climb, check, put in order.

use super::climb::{Kept, Pull, climb};
use super::error::ArcgisError;
use super::layer::Layer;
use super::recut::recut;
use super::rung::Rung;
use super::wire::{Shelf, Wire};
use crate::feature::{Generalised, Task};
use crate::plan::{ArcgisPlan, PageFormat};

/// Times that a layer is pulled before it is given up because it never adds up.
const ATTEMPTS: u32 = 3;

/// Bytes of the shortest row: `{"attributes":{}}`.
const LEAST_ROW: u64 = 17;

/// What a layer is and how much it has, before any row is pulled.
pub struct Survey<'a> {
    layer: Layer<'a>,
    plan: &'a ArcgisPlan,
    count: Option<u64>,
    last_edit: Option<i64>,
    /// Rows of the last pull, by their marks, ascending, where they have no object id and some were the same.
    marks: Vec<u128>,
    /// What can't be known of the rows.
    doubts: Vec<String>,
}

/// A pull that added up; its pages are on the shelf.
#[derive(Debug)]
pub struct Pulled {
    /// The layer's info as it came.
    pub info: Vec<u8>,
    /// Names of the pages on the shelf, in row order.
    pub pages: Vec<String>,
    /// Rows in them.
    pub rows: u64,
    /// Rows that the service claims, where it counts.
    pub count: Option<u64>,
    /// When the layer was last edited, epoch milliseconds, where it says.
    pub last_edit: Option<i64>,
    /// The way the rows were had.
    pub method: &'static str,
    /// Rows that the server couldn't give in full, by object id.
    pub generalised: Vec<Generalised>,
    /// What can't be known of the rows.
    pub doubts: Vec<String>,
}

/// Asks a layer what it is and how many rows it has.
///
/// # Errors
/// The service can't be asked, or has no such layer.
pub fn survey<'a>(wire: &'a dyn Wire, plan: &'a ArcgisPlan) -> Result<Survey<'a>, ArcgisError> {
    let mut layer = Layer::open(wire, plan.url.reveal(), plan.layer.as_deref(), &plan.filter)?;
    if plan.pages == PageFormat::Pbf {
        layer.prefer_pbf();
    }
    let count = layer.count()?;
    let last_edit = layer.info.last_edit;
    if let Some(count) = count.filter(|count| count.saturating_mul(LEAST_ROW) > plan.max_bytes) {
        return Err(ArcgisError::Implausible {
            url: layer.shown,
            count,
            limit: plan.max_bytes,
        });
    }
    Ok(Survey {
        layer,
        plan,
        count,
        last_edit,
        marks: vec![],
        doubts: vec![],
    })
}

impl Survey<'_> {
    /// Rows that the service claims; none where it doesn't count.
    pub fn count(&self) -> Option<u64> {
        self.count
    }

    /// When the layer was last edited, epoch milliseconds; none where it doesn't say.
    pub fn last_edit(&self) -> Option<i64> {
        self.last_edit
    }

    /// What an interrupted pull must have in common with this one to be gone on with.
    pub fn key(&self) -> String {
        let Survey {
            layer,
            plan,
            count,
            last_edit,
            ..
        } = self;
        let (url, filter, page_rows) = (&layer.shown, &plan.filter, plan.page_rows);
        format!("{url}|{filter}|{page_rows}|{count:?}|{last_edit:?}")
    }

    /// The layer and the rows wanted, as records show them.
    pub fn shown(&self) -> String {
        match self.plan.filter.as_str() {
            "1=1" => self.layer.shown.clone(),
            filter => format!("{}?where={filter}", self.layer.shown),
        }
    }

    /// Pulls every row; pages that the shelf has are not asked for again.
    ///
    /// # Errors
    /// The layer can be had in no way, or never added up.
    pub fn pull(mut self, pages: &dyn Shelf, progress: &dyn Task) -> Result<Pulled, ArcgisError> {
        let mut top = self.top();
        let mut wrong = String::new();
        for attempt in 1..=ATTEMPTS {
            let (mut kept, rung) = self.reach(top, pages, progress)?;
            let Some(what) = self.mistake(&mut kept)? else {
                return self.accept(kept, rung, pages);
            };
            tracing::warn!(attempt, method = rung.name(), what, "the pull doesn't add up");
            self.drop_pages(&kept, pages)?;
            top = self.after(rung)?;
            wrong = what;
        }
        Err(ArcgisError::Unsettled {
            url: self.layer.shown,
            attempts: ATTEMPTS,
            what: wrong,
        })
    }

    /// The rung to begin on.
    fn top(&self) -> Rung {
        if self.layer.info.oid.is_none() {
            let kept = "rows stay in the order they come; their number is checked, and that none comes twice";
            tracing::warn!(url = self.layer.shown, "the layer has no object id: {kept}");
            return Rung::Offsets;
        }
        if self.layer.info.has_offsets == Some(false) {
            Rung::Windows
        } else {
            Rung::Offsets
        }
    }

    /// Goes down the ladder from `top` until a rung bears.
    fn reach(&self, top: Rung, pages: &dyn Shelf, progress: &dyn Task) -> Result<(Kept, Rung), ArcgisError> {
        let pull = Pull {
            layer: &self.layer,
            shelf: pages,
            progress,
            page_rows: u64::from(self.plan.page_rows.max(1)),
            at_once: self.plan.at_once as usize,
            max_bytes: self.plan.max_bytes,
        };
        let mut tried = Vec::new();
        for rung in Rung::LADDER.into_iter().filter(|rung| *rung >= top) {
            let reached = self.total(rung).and_then(|total| climb(pull, rung, total));
            match reached {
                Ok(mut kept) => {
                    put_in_order(&mut kept, rung);
                    return Ok((kept, rung));
                }
                Err(error) if error.is_refusal() => {
                    tracing::info!(method = rung.name(), reason = %error, "the layer is to be pulled another way");
                    tried.push(format!("{}: {error}", rung.name()));
                }
                Err(error) => return Err(error),
            }
        }
        Err(ArcgisError::NoWay {
            url: self.layer.shown.clone(),
            tried,
        })
    }

    /// Rows to expect: as counted, else as many as there are ids.
    fn total(&self, rung: Rung) -> Result<Option<u64>, ArcgisError> {
        if self.count.is_some() || rung != Rung::Offsets {
            return Ok(self.count);
        }
        match self.layer.ids() {
            Err(error) if error.is_refusal() => Ok(None),
            ids => Ok(ids?.map(|ids| ids.len() as u64)),
        }
    }

    /// What keeps the rows from being accepted: they, their ids and the counts are not one number, or somebody
    /// edited meanwhile.
    fn mistake(&mut self, kept: &mut Kept) -> Result<Option<String>, ArcgisError> {
        let (after, last_edit) = (self.layer.count()?, self.layer.last_edit()?);
        let rows = kept.places.len() as u64;
        let distinct = kept.places.chunk_by(|a, b| a.key == b.key).count() as u64;
        let is_counted = after == self.count
            && (self.count.is_none_or(|before| before == rows) || self.is_undercounted(kept)?);
        if is_counted && rows == distinct && last_edit == self.last_edit {
            return Ok(self.doubled(kept));
        }
        let said = |count: Option<u64>| count.map_or_else(|| "none".to_owned(), |count| count.to_string());
        let edited = if last_edit == self.last_edit {
            ""
        } else {
            ", edited meanwhile"
        };
        let (before, after) = (said(self.count), said(after));
        Ok(Some(format!(
            "count {before} before and {after} after, {rows} rows, {distinct} distinct object ids{edited}"
        )))
    }

    /// Whether there are more rows than the server counts, and exactly those that it lists by their ids.
    fn is_undercounted(&mut self, kept: &Kept) -> Result<bool, ArcgisError> {
        let rows = kept.places.len() as u64;
        let Some(count) = self.count.filter(|count| *count < rows) else {
            return Ok(false);
        };
        let ids = match self.layer.ids() {
            Err(error) if error.is_refusal() => None,
            ids => ids?,
        };
        let is_listed = self.layer.info.oid.is_some()
            && ids.is_some_and(|ids| ids.iter().eq(kept.places.iter().map(|place| &place.key)));
        if is_listed {
            self.doubt(format!(
                "the service counts {count} rows and gives {rows}: its pages and its list of ids agree on these"
            ));
        }
        Ok(is_listed)
    }

    /// What keeps rows without object ids from being accepted: some are the same, so that the server may have changed its
    /// order between two pages. Where two pulls give the same rows, they are so in the layer.
    fn doubled(&mut self, kept: &mut Kept) -> Option<String> {
        let mut marks = std::mem::take(&mut kept.marks);
        marks.sort_unstable();
        let twice = marks.len() - marks.chunk_by(|a, b| a == b).count();
        if twice == 0 {
            return None;
        }
        if marks == self.marks {
            self.doubt(format!(
                "{twice} rows are the same as others in two pulls: without object ids nothing tells whether they stand for \
                 others that are missing"
            ));
            return None;
        }
        self.marks = marks;
        let why = "without object ids only a second pull shows whether none is missing for them";
        Some(format!("{twice} rows are the same as others: {why}"))
    }

    /// Notes what can't be known of the rows.
    fn doubt(&mut self, what: String) {
        tracing::warn!(url = self.layer.shown, "{what}");
        self.doubts.push(what);
    }

    fn drop_pages(&self, kept: &Kept, pages: &dyn Shelf) -> Result<(), ArcgisError> {
        let lost = |source| ArcgisError::Shelf {
            url: self.layer.shown.clone(),
            source,
        };
        kept.names
            .iter()
            .try_for_each(|name| pages.forget(name))
            .map_err(lost)
    }

    /// Where to begin again: on the same rung while the layer is being edited, else one down.
    fn after(&mut self, rung: Rung) -> Result<Rung, ArcgisError> {
        let (count, last_edit) = (self.layer.count()?, self.layer.last_edit()?);
        let is_edited = (count, last_edit) != (self.count, self.last_edit);
        (self.count, self.last_edit) = (count, last_edit);
        if is_edited || self.layer.info.oid.is_none() {
            return Ok(rung);
        }
        Ok(Rung::LADDER
            .into_iter()
            .find(|other| *other > rung)
            .unwrap_or(rung))
    }

    fn accept(mut self, kept: Kept, rung: Rung, pages: &dyn Shelf) -> Result<Pulled, ArcgisError> {
        let (rows, method) = (kept.places.len() as u64, rung.name());
        if self.count.is_none() {
            let alone = "that its rows are all follows from its pages alone";
            self.doubt(format!("the service doesn't count: {alone}"));
        }
        let size = self.plan.page_rows as usize;
        let names = recut(&self.layer.shown, pages, &kept, size)?;
        tracing::info!(method, rows, count = self.count, pages = names.len(), "pulled");
        let Survey {
            layer,
            count,
            last_edit,
            doubts,
            ..
        } = self;
        let mut generalised = kept.generalised;
        generalised.sort_unstable_by_key(|row| row.oid);
        Ok(Pulled {
            info: layer.info_body,
            pages: names,
            rows,
            count,
            last_edit,
            method,
            generalised,
            doubts,
        })
    }
}

/// Rows by OID; boxes touch, so that a row may come in several.
fn put_in_order(kept: &mut Kept, rung: Rung) {
    kept.places.sort_unstable();
    if rung == Rung::Boxes {
        kept.places.dedup_by_key(|place| place.key);
    }
}
