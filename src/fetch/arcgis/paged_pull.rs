//! One strategy at work: spans become stored pages, several at a time.
//!
//! Pages that an earlier, interrupted pull has stored are taken from there, and so are its decisions to divide a span.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::answer::PATIENT;
use super::error::ArcgisError;
use super::layer::Layer;
use super::layer_pages::LayerPages;
use super::page::{self, Page};
use super::received::{IncomingPage, ReceivedPages, text_mark};
use super::span::{AnswerSummary, Span, Verdict};
use super::span_queue::drain_spans;
use super::strategy::PagingStrategy;
use super::wire::PageFacts;
use crate::feature::Task;

/// How a layer is pulled, whatever the strategy.
#[derive(Clone, Copy)]
pub(super) struct PullSettings<'a> {
    /// The layer.
    pub(super) layer: &'a Layer<'a>,
    /// Where pages go.
    pub(super) pages: LayerPages<'a>,
    /// Told of rows.
    pub(super) progress: &'a dyn Task,
    /// Rows asked for at a time at most.
    pub(super) page_rows: u64,
    /// Requests at the same time.
    pub(super) at_once: usize,
    /// Bytes at which the pull is given up.
    pub(super) max_bytes: u64,
}

/// A strategy at work.
pub(super) struct PagedPull<'a> {
    pub(super) settings: PullSettings<'a>,
    /// Rows that the server gives at most, as far as it has shown.
    cap: AtomicU64,
    /// Rows asked for at a time: less after trouble, and slowly more again.
    size: AtomicU64,
    /// Most rows that have come in one page: trouble with no more than that is not about size.
    proven: AtomicU64,
    /// Pages without trouble since the size last changed.
    calm: AtomicU32,
    /// Names of spans that are parts of one the server has failed on for long: they need no such patience again.
    suspects: Mutex<BTreeSet<String>>,
    received: Mutex<ReceivedPages>,
    /// Mark of what the last page said beside its rows.
    last_said: Mutex<Option<u128>>,
}

/// Pages without trouble after which the page size doubles again.
const CALM: u32 = 2;

/// Times that a page is asked for which may be too large.
pub(super) const TRIES: u32 = 3;

/// Advertised limits above this are taken for no limit: nobody waits for such a page.
const SANE: u64 = 10_000;

/// How a decision to divide a span begins in the store of pages.
const DIVIDED: &[u8] = b"divided ";

/// Gets every row by one strategy; `total` is the number of rows to expect, where it is known.
///
/// # Errors
/// The strategy leads nowhere (`ArcgisError::is_refusal`), or the layer can't be had at all.
pub(super) fn pull_by(
    strategy: PagingStrategy,
    settings: PullSettings<'_>,
    total: Option<u64>,
) -> Result<ReceivedPages, ArcgisError> {
    let advertised = settings.layer.info.max_rows.map_or(u64::MAX, u64::from);
    let pull = PagedPull {
        settings,
        cap: AtomicU64::new(advertised),
        size: AtomicU64::new(settings.page_rows.min(advertised)),
        proven: AtomicU64::new(0),
        calm: AtomicU32::new(0),
        suspects: Mutex::default(),
        received: Mutex::default(),
        last_said: Mutex::default(),
    };
    // The first request shows what the server gives at a time. What it advertises is a wish: layers state 100,000 or
    // a million and fail on the first such page, or give fewer rows than they state (arcgis-python-api issue 2153).
    let probed = match strategy {
        _ if total == Some(0) => 0,
        PagingStrategy::Offsets => match total {
            Some(total) => pull.first_page(total)?,
            None => pull.walk_to_empty_page()?,
        },
        _ => pull.probe_everything(total)?,
    };
    let is_walked = strategy == PagingStrategy::Offsets && total.is_none();
    if !is_walked && total.is_none_or(|total| probed < total) {
        let size = pull.cap.load(Relaxed).min(settings.page_rows);
        let spans = strategy.plan_spans(settings.layer, total, probed, size)?;
        drain_spans(spans, settings.at_once, |span| pull.fetch_span(&span))?;
    }
    if strategy == PagingStrategy::Offsets && !is_walked {
        pull.continue_past_count()?;
    }
    Ok(pull.received.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl PagedPull<'_> {
    /// Gets the first page, alone: a server that gives fewer rows than asked for shows it here. Its rows.
    fn first_page(&self, total: u64) -> Result<u64, ArcgisError> {
        let mut span = Span::Offset {
            from: 0,
            rows: self.size.load(Relaxed).min(total),
        };
        // Only the part that begins at nought is gone on with: the rest of the layer is divided anew by what this
        // shows.
        while let Some(smaller @ Span::Offset { from: 0, .. }) = self.fetch_span(&span)?.into_iter().next() {
            span = smaller;
        }
        let rows = self.received().rows();
        if span.known_rows() > Some(rows) && rows > 0 {
            self.cap.fetch_min(rows, Relaxed);
        }
        Ok(rows)
    }

    /// Goes on page by page to the first that is empty: where nobody counts, only that shows the end. Its rows.
    fn walk_to_empty_page(&self) -> Result<u64, ArcgisError> {
        if self.settings.layer.info.oid.is_none() {
            let both = "nobody counts the rows, and without object ids nothing tells whether all came";
            return Err(ArcgisError::incapable(both));
        }
        loop {
            let from = self.received().rows();
            let rows = self.page_from(from)?;
            if rows == from {
                return Ok(rows);
            }
        }
    }

    /// Goes on behind the rows that were counted, while the server says that there are more; one that has never said so
    /// is asked once. Such rows make their number another than the count, which is judged where both are known.
    fn continue_past_count(&self) -> Result<(), ArcgisError> {
        let mut is_asked = !self.received().says_cut;
        // Whoever adds rows all the while isn't waited for: the pull is judged with what has come.
        let most = self.received().rows() * 2 + self.settings.page_rows;
        loop {
            let (end, is_cut) = self.received().end;
            if !is_cut && !is_asked {
                return Ok(());
            }
            let before = self.received().rows();
            let rows = match self.page_from(end) {
                // Some refuse a position behind the last row.
                Err(error) if error.is_refusal() && !is_cut => return Ok(()),
                rows => rows?,
            };
            // A page that isn't full is the last.
            is_asked = rows - before >= self.size.load(Relaxed);
            if rows == before || rows > most {
                return Ok(());
            }
        }
    }

    /// Gets the rows of one page from a position on; how many rows there are then.
    fn page_from(&self, from: u64) -> Result<u64, ArcgisError> {
        let mut spans = vec![Span::Offset {
            from,
            rows: self.size.load(Relaxed),
        }];
        while let Some(span) = spans.pop() {
            spans.extend(self.fetch_span(&span)?.into_iter().rev());
        }
        Ok(self.received().rows())
    }

    /// Asks for everything at once, which shows how many rows the server gives at a time, or is all there is. Rows
    /// that stay.
    fn probe_everything(&self, total: Option<u64>) -> Result<u64, ArcgisError> {
        let cap = self.cap.load(Relaxed);
        // A server that claims to give so much at once is not put to the test: the answer would be a time-out, or a
        // page larger than is allowed.
        if cap != u64::MAX && cap > SANE {
            return Ok(0);
        }
        match self.fetch_span(&Span::ALL) {
            Err(error) if error.is_passing() => return Ok(0),
            stepped => stepped?,
        };
        let rows = self.received().rows();
        if total == Some(rows) {
            return Ok(rows);
        }
        // The same rows come again in their spans.
        *self.received() = ReceivedPages::default();
        self.cap.fetch_min(rows.max(1), Relaxed);
        Ok(0)
    }

    fn suspects(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn received(&self) -> MutexGuard<'_, ReceivedPages> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets one span; the spans that are left of it.
    fn fetch_span(&self, span: &Span) -> Result<Vec<Span>, ArcgisError> {
        let name = span.page_name();
        if let Some(body) = self.settings.pages.get(&name)? {
            return match parse_division(&body) {
                Some(parts) => Ok(parts),
                None => self.judge_page(span, &IncomingPage::from_store(&name, &body)),
            };
        }
        if span.is_single()
            && let Some(left) = self.stored_generalised(span, &name)?
        {
            return Ok(left);
        }
        if span
            .known_rows()
            .is_some_and(|rows| rows > self.size.load(Relaxed))
        {
            // Spans were cut when pages were larger; one that another thread's trouble has made too large is divided
            // unasked.
            return self.divide_span(span, &name);
        }
        match self
            .settings
            .layer
            .fetch_page(span, self.tries_for(span, &name), None)
        {
            Ok(response) => self.judge_page(span, &IncomingPage::from_response(&name, &response)),
            Err(error) if error.is_passing() && span.subspans().is_some() => {
                self.shrink_page_size(span, &error);
                let parts = self.divide_span(span, &name)?;
                // The heavy rows are in one of the parts. Each of them being patient again would multiply the time
                // that one bad row costs by the depth of the division.
                self.suspects().extend(parts.iter().map(Span::page_name));
                Ok(parts)
            }
            Err(error) if error.is_passing() && span.is_single() => {
                self.fetch_generalised(span, &name, error)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps a page if it is what was asked for; what is left of its span.
    pub(super) fn judge_page(
        &self,
        span: &Span,
        incoming: &IncomingPage<'_>,
    ) -> Result<Vec<Span>, ArcgisError> {
        let layer = self.settings.layer;
        let page = page::parse_page(&layer.shown, incoming.body, layer.info.oid.as_deref())?;
        let left = match span.judge_answer(self.summarise(span, &page)) {
            Verdict::Incapable(reason) => return Err(ArcgisError::incapable(reason)),
            Verdict::Cut if *span != Span::ALL => return self.divide_span(span, incoming.name),
            Verdict::Whole | Verdict::Cut => vec![],
            Verdict::Begun(rest) => vec![rest],
        };
        if let Some(status) = incoming.status {
            self.refuse_repeats(&page)?;
            let facts = PageFacts {
                rows: page.rows.len() as u64,
                status,
            };
            // Stored before it is counted: a pull that is killed in between finds the page and asks for nothing
            // twice.
            self.settings.pages.put(incoming.name, incoming.body, facts)?;
            self.proven.fetch_max(facts.rows, Relaxed);
            self.grow_page_size();
        }
        let max_bytes = self.settings.max_bytes;
        self.received()
            .add_page(layer, span, incoming, &page, max_bytes)?;
        self.settings.progress.advance(page.rows.len() as u64);
        Ok(left)
    }

    /// Refuses a page that repeats what was asked with; one that says the same as the one before was looked at then.
    fn refuse_repeats(&self, page: &Page<'_>) -> Result<(), ArcgisError> {
        let said = page.text_beside_rows();
        let mark = text_mark(&said);
        let last = self
            .last_said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(mark);
        if last == Some(mark) {
            return Ok(());
        }
        self.settings.layer.refuse_repeats(&said)
    }

    fn summarise(&self, span: &Span, page: &Page<'_>) -> AnswerSummary {
        let received = self.received();
        AnswerSummary {
            rows: page.rows.len() as u64,
            first: page.oids.first().copied().flatten(),
            layers_first: received.first_id,
            is_astray: page.oids.iter().flatten().any(|oid| !span.may_hold(*oid)),
            is_fresh: received.names.is_empty(),
            is_cut: page.is_cut,
            cap: self.cap.load(Relaxed),
        }
    }

    /// Divides a span, and notes it so that a pull that goes on later finds the parts that have landed.
    fn divide_span(&self, span: &Span, name: &str) -> Result<Vec<Span>, ArcgisError> {
        let parts = span.subspans().ok_or_else(|| {
            ArcgisError::incapable("more rows than the server gives at a time can't be told apart")
        })?;
        let mut note = DIVIDED.to_vec();
        let pages = self.settings.pages;
        serde_json::to_writer(&mut note, &parts).map_err(|source| pages.error(source.into()))?;
        pages.put(name, &note, PageFacts::default())?;
        Ok(parts)
    }

    /// Patience where smaller pages are no way out, or have shown to be none.
    fn tries_for(&self, span: &Span, name: &str) -> u32 {
        // A page that fails though as many rows have come before is chance trouble: shrinking pages for it would slow
        // down the whole pull, so it is waited for instead.
        let is_suspect = self.suspects().remove(name);
        let is_proven = span
            .known_rows()
            .is_some_and(|rows| rows <= self.proven.load(Relaxed));
        if (is_proven && !is_suspect) || span.subspans().is_none() {
            PATIENT
        } else {
            TRIES
        }
    }

    fn shrink_page_size(&self, span: &Span, error: &ArcgisError) {
        self.calm.store(0, Relaxed);
        // Only spans whose rows are known follow the size; others are simply divided.
        if let Some(rows) = span.known_rows() {
            self.size.fetch_min(rows.div_ceil(2).max(1), Relaxed);
        }
        tracing::info!(rows = self.size.load(Relaxed), reason = %error, "asking for fewer rows at a time");
    }

    fn grow_page_size(&self) {
        // Trouble may be of one dense part of the layer alone, so pages grow back to the plan's size.
        // Trouble may be of one dense part of the layer alone, so that pages grow back to the plan's size.
        if self.calm.fetch_add(1, Relaxed) + 1 >= CALM {
            self.calm.store(0, Relaxed);
            let size = self.size.load(Relaxed);
            self.size.store((size * 2).min(self.settings.page_rows), Relaxed);
        }
    }
}

/// The parts that a span was divided in, where that is what its page is.
fn parse_division(body: &[u8]) -> Option<Vec<Span>> {
    serde_json::from_slice(body.strip_prefix(DIVIDED)?).ok()
}
