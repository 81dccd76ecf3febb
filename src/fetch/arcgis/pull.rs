//! From a plan to accepted pages: survey, pull by a strategy, check, put in order.

use super::error::ArcgisError;
use super::layer::Layer;
use super::layer_pages::LayerPages;
use super::paged_pull::{PullSettings, pull_by};
use super::received::ReceivedPages;
use super::repage::repage;
use super::strategy::PagingStrategy;
use super::wire::{PageStore, Wire};
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

/// A pull that added up; its pages are stored.
#[derive(Debug)]
pub struct Pulled {
    /// The layer's info as it came.
    pub info: Vec<u8>,
    /// Names of the stored pages, in row order.
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
pub fn survey_layer<'a>(wire: &'a dyn Wire, plan: &'a ArcgisPlan) -> Result<Survey<'a>, ArcgisError> {
    let mut layer = Layer::open(wire, plan.url.reveal(), plan.layer.as_deref(), &plan.filter)?;
    if plan.pages == PageFormat::Pbf {
        layer.prefer_pbf();
    }
    let count = layer.count_rows()?;
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
    pub fn claimed_rows(&self) -> Option<u64> {
        self.count
    }

    /// When the layer was last edited, epoch milliseconds; none where it doesn't say.
    pub fn last_edit(&self) -> Option<i64> {
        self.last_edit
    }

    /// What an interrupted pull must have in common with this one to be gone on with.
    pub fn resume_key(&self) -> String {
        let Survey {
            layer,
            plan,
            count,
            last_edit,
            ..
        } = self;
        let url = &layer.shown;
        let filter = &plan.filter;
        let page_rows = plan.page_rows;
        format!("{url}|{filter}|{page_rows}|{count:?}|{last_edit:?}")
    }

    /// The layer and the rows wanted, as records show them.
    pub fn display_url(&self) -> String {
        match self.plan.filter.as_str() {
            "1=1" => self.layer.shown.clone(),
            filter => format!("{}?where={filter}", self.layer.shown),
        }
    }

    /// Pulls every row; pages that are stored already are not asked for again.
    ///
    /// # Errors
    /// The layer can be had in no way, or never added up.
    pub fn pull_pages(mut self, pages: &dyn PageStore, progress: &dyn Task) -> Result<Pulled, ArcgisError> {
        let mut first = self.first_strategy();
        let mut wrong = String::new();
        // A service has no snapshot: rows are added and removed between two pages. So a pull is held against two
        // counts, its own ids and the date of the last edit, and is made again where they differ.
        for attempt in 1..=ATTEMPTS {
            let (mut received, strategy) = self.try_strategies(first, pages, progress)?;
            let Some(what) = self.find_mismatch(&mut received)? else {
                return self.accept_pages(received, strategy, pages);
            };
            tracing::warn!(attempt, method = strategy.name(), what, "the pull doesn't add up");
            self.forget_pages(&received, pages)?;
            first = self.next_strategy(strategy)?;
            wrong = what;
        }
        Err(ArcgisError::Unsettled {
            url: self.layer.shown,
            attempts: ATTEMPTS,
            what: wrong,
        })
    }

    /// The strategy to begin with.
    fn first_strategy(&self) -> PagingStrategy {
        if self.layer.info.oid.is_none() {
            let kept = "rows stay in the order they come; their number is checked, and that none comes twice";
            tracing::warn!(url = self.layer.shown, "the layer has no object id: {kept}");
            return PagingStrategy::Offsets;
        }
        if self.layer.info.has_offsets == Some(false) {
            PagingStrategy::Windows
        } else {
            PagingStrategy::Offsets
        }
    }

    /// Tries the strategies from `first` on until one gets every row.
    fn try_strategies(
        &self,
        first: PagingStrategy,
        pages: &dyn PageStore,
        progress: &dyn Task,
    ) -> Result<(ReceivedPages, PagingStrategy), ArcgisError> {
        let settings = PullSettings {
            layer: &self.layer,
            pages: LayerPages::new(pages, &self.layer.shown),
            progress,
            page_rows: u64::from(self.plan.page_rows.max(1)),
            at_once: self.plan.at_once as usize,
            max_bytes: self.plan.max_bytes,
        };
        let mut tried = Vec::new();
        for strategy in PagingStrategy::ALL
            .into_iter()
            .filter(|strategy| *strategy >= first)
        {
            let pulled = self
                .expected_rows(strategy)
                .and_then(|total| pull_by(strategy, settings, total));
            match pulled {
                Ok(mut received) => {
                    put_in_order(&mut received, strategy);
                    return Ok((received, strategy));
                }
                Err(error) if error.is_refusal() => {
                    tracing::info!(method = strategy.name(), reason = %error, "the layer is to be pulled another way");
                    tried.push(format!("{}: {error}", strategy.name()));
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
    fn expected_rows(&self, strategy: PagingStrategy) -> Result<Option<u64>, ArcgisError> {
        if self.count.is_some() || strategy != PagingStrategy::Offsets {
            return Ok(self.count);
        }
        match self.layer.list_object_ids() {
            Err(error) if error.is_refusal() => Ok(None),
            ids => Ok(ids?.map(|ids| ids.len() as u64)),
        }
    }

    /// What keeps the rows from being accepted: they, their ids and the counts are not one number, or somebody
    /// edited meanwhile.
    fn find_mismatch(&mut self, received: &mut ReceivedPages) -> Result<Option<String>, ArcgisError> {
        let after = self.layer.count_rows()?;
        let last_edit = self.layer.last_edit()?;
        let rows = received.rows();
        // The number of rows is no proof alone: one page twice and another never add up to it as well. Rows have come
        // twice by the thousand (arcgis-python-api issue 1870).
        let distinct = received.places.chunk_by(|a, b| a.key == b.key).count() as u64;
        let is_counted = after == self.count
            && (self.count.is_none_or(|before| before == rows) || self.is_undercounted(received)?);
        if is_counted && rows == distinct && last_edit == self.last_edit {
            return Ok(self.find_duplicates(received));
        }
        let edited = if last_edit == self.last_edit {
            ""
        } else {
            ", edited meanwhile"
        };
        let before = display_count(self.count);
        let after = display_count(after);
        Ok(Some(format!(
            "count {before} before and {after} after, {rows} rows, {distinct} distinct object ids{edited}"
        )))
    }

    /// Whether there are more rows than the server counts, and exactly those that it lists by their ids.
    fn is_undercounted(&mut self, received: &ReceivedPages) -> Result<bool, ArcgisError> {
        let rows = received.rows();
        let Some(count) = self.count.filter(|count| *count < rows) else {
            return Ok(false);
        };
        let ids = match self.layer.list_object_ids() {
            Err(error) if error.is_refusal() => None,
            ids => ids?,
        };
        let is_listed = self.layer.info.oid.is_some()
            && ids.is_some_and(|ids| ids.iter().eq(received.places.iter().map(|place| &place.key)));
        if is_listed {
            self.note_doubt(format!(
                "the service counts {count} rows and gives {rows}: its pages and its list of ids agree on these"
            ));
        }
        Ok(is_listed)
    }

    /// What keeps rows without object ids from being accepted: some are the same, so that the server may have changed its
    /// order between two pages. Where two pulls give the same rows, they are so in the layer.
    fn find_duplicates(&mut self, received: &mut ReceivedPages) -> Option<String> {
        let mut marks = std::mem::take(&mut received.marks);
        marks.sort_unstable();
        let twice = marks.len() - marks.chunk_by(|a, b| a == b).count();
        if twice == 0 {
            return None;
        }
        if marks == self.marks {
            self.note_doubt(format!(
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
    fn note_doubt(&mut self, what: String) {
        tracing::warn!(url = self.layer.shown, "{what}");
        self.doubts.push(what);
    }

    fn forget_pages(&self, received: &ReceivedPages, pages: &dyn PageStore) -> Result<(), ArcgisError> {
        let pages = LayerPages::new(pages, &self.layer.shown);
        received.names.iter().try_for_each(|name| pages.forget(name))
    }

    /// What to begin with again: the same strategy while the layer is being edited, else the next one.
    fn next_strategy(&mut self, strategy: PagingStrategy) -> Result<PagingStrategy, ArcgisError> {
        let count = self.layer.count_rows()?;
        let last_edit = self.layer.last_edit()?;
        let is_edited = count != self.count || last_edit != self.last_edit;
        self.count = count;
        self.last_edit = last_edit;
        // A layer that nobody edits and that doesn't add up is one whose server does not do what it says: another way
        // of asking may be the one that it masters.
        if is_edited || self.layer.info.oid.is_none() {
            return Ok(strategy);
        }
        Ok(PagingStrategy::ALL
            .into_iter()
            .find(|other| *other > strategy)
            .unwrap_or(strategy))
    }

    fn accept_pages(
        mut self,
        received: ReceivedPages,
        strategy: PagingStrategy,
        pages: &dyn PageStore,
    ) -> Result<Pulled, ArcgisError> {
        let rows = received.rows();
        let method = strategy.name();
        if self.count.is_none() {
            let alone = "that its rows are all follows from its pages alone";
            self.note_doubt(format!("the service doesn't count: {alone}"));
        }
        let size = self.plan.page_rows as usize;
        let url = &self.layer.shown;
        let names = repage(url, LayerPages::new(pages, url), &received, size)?;
        tracing::info!(method, rows, count = self.count, pages = names.len(), "pulled");
        let Survey {
            layer,
            count,
            last_edit,
            doubts,
            ..
        } = self;
        let mut generalised = received.generalised;
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

/// A count as messages tell it.
fn display_count(count: Option<u64>) -> String {
    count.map_or_else(|| "none".to_owned(), |count| count.to_string())
}

/// Rows by OID; boxes touch, so that a row may come in several.
fn put_in_order(received: &mut ReceivedPages, strategy: PagingStrategy) {
    received.places.sort_unstable();
    if strategy == PagingStrategy::Boxes {
        received.places.dedup_by_key(|place| place.key);
    }
}
