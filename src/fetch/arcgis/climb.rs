//! One rung at work: spans become pages on the shelf, several at a time.
//!
//! Pages that an earlier, interrupted pull has left on the shelf are taken from there, and so are its decisions to
//! divide a span.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::answer::PATIENT;
use super::common::Common;
use super::error::ArcgisError;
use super::layer::Layer;
use super::page::{self, Page};
use super::recut::Place;
use super::rung::Rung;
use super::span::{Seen, Span, Verdict};
use super::wire::{About, BoxError, Came, Shelf};
use super::work::drain;
use crate::feature::{Generalised, Task};

/// How a layer is pulled, whatever the rung.
#[derive(Clone, Copy)]
pub(super) struct Pull<'a> {
    /// The layer.
    pub(super) layer: &'a Layer<'a>,
    /// Where pages go.
    pub(super) shelf: &'a dyn Shelf,
    /// Told of rows.
    pub(super) progress: &'a dyn Task,
    /// Rows asked for at a time at most.
    pub(super) page_rows: u64,
    /// Requests at the same time.
    pub(super) at_once: usize,
    /// Bytes at which the pull is given up.
    pub(super) max_bytes: u64,
}

/// Pages so far.
#[derive(Default)]
pub(super) struct Kept {
    /// Their names on the shelf.
    pub(super) names: Vec<String>,
    /// Where each row is.
    pub(super) places: Vec<Place>,
    /// Bytes of the pages.
    pub(super) bytes: u64,
    /// Rows that the server couldn't give in full.
    pub(super) generalised: Vec<Generalised>,
    /// What each row is, by the first half of its SHA-256, where it has no object id; in no order.
    pub(super) marks: Vec<u128>,
    layers_first: Option<i64>,
    /// What the pages say of all their rows: it must be the same.
    common: Option<Common>,
    /// Where the farthest page by offset ends, and whether the server says that there are more.
    end: (u64, bool),
    /// Whether the server has said of any page that there are more.
    says_cut: bool,
}

/// A page at hand.
pub(super) struct Sheet<'a> {
    /// Name on the shelf.
    pub(super) name: &'a str,
    pub(super) body: &'a [u8],
    /// Status that it has just come with; none where the shelf had it.
    pub(super) status: Option<u16>,
    /// How far its vertices may be off, where it was asked for so.
    pub(super) coarse: Option<f64>,
}

impl<'a> Sheet<'a> {
    /// A page that has just come.
    pub(super) fn of(name: &'a str, came: &'a Came) -> Self {
        Self {
            name,
            body: &came.body,
            status: Some(came.status),
            coarse: None,
        }
    }
}

/// A rung at work.
pub(super) struct Climb<'a> {
    pub(super) pull: Pull<'a>,
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
    kept: Mutex<Kept>,
    /// What the last page said beside its rows.
    judged: Mutex<Option<u128>>,
}

/// Pages without trouble after which the page size doubles again.
const CALM: u32 = 2;

/// Times that a page is asked for which may be too large.
pub(super) const TRIES: u32 = 3;

/// Advertised limits above this are taken for no limit: nobody waits for such a page.
const SANE: u64 = 10_000;

/// How a decision to divide a span begins on the shelf.
const DIVIDED: &[u8] = b"divided ";

/// Gets every row by one rung; `total` is the number of rows to expect, where it is known.
///
/// # Errors
/// The rung leads nowhere (`ArcgisError::is_refusal`), or the layer can't be had at all.
pub(super) fn climb(pull: Pull<'_>, rung: Rung, total: Option<u64>) -> Result<Kept, ArcgisError> {
    let advertised = pull.layer.info.max_rows.map_or(u64::MAX, u64::from);
    let climb = Climb {
        pull,
        cap: AtomicU64::new(advertised),
        size: AtomicU64::new(pull.page_rows.min(advertised)),
        proven: AtomicU64::new(0),
        calm: AtomicU32::new(0),
        suspects: Mutex::default(),
        kept: Mutex::default(),
        judged: Mutex::default(),
    };
    let probed = match rung {
        _ if total == Some(0) => 0,
        Rung::Offsets => match total {
            Some(total) => climb.first_page(total)?,
            None => climb.walk()?,
        },
        _ => climb.everything(total)?,
    };
    let is_walked = rung == Rung::Offsets && total.is_none();
    if !is_walked && total.is_none_or(|total| probed < total) {
        let size = climb.cap.load(Relaxed).min(pull.page_rows);
        let spans = rung.spans(pull.layer, total, probed, size)?;
        drain(spans, pull.at_once, |span| climb.step(&span))?;
    }
    if rung == Rung::Offsets && !is_walked {
        climb.beyond()?;
    }
    Ok(climb.kept.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Climb<'_> {
    /// Gets the first page, alone: a server that gives fewer rows than asked for shows it here. Its rows.
    fn first_page(&self, total: u64) -> Result<u64, ArcgisError> {
        let mut span = Span::Offset {
            from: 0,
            rows: self.size.load(Relaxed).min(total),
        };
        while let Some(smaller @ Span::Offset { from: 0, .. }) = self.step(&span)?.into_iter().next() {
            span = smaller;
        }
        let rows = self.kept().places.len() as u64;
        if span.rows() > Some(rows) && rows > 0 {
            self.cap.fetch_min(rows, Relaxed);
        }
        Ok(rows)
    }

    /// Goes on page by page to the first that is empty: where nobody counts, only that shows the end. Its rows.
    fn walk(&self) -> Result<u64, ArcgisError> {
        if self.pull.layer.info.oid.is_none() {
            let both = "nobody counts the rows, and without object ids nothing tells whether all came";
            return Err(ArcgisError::incapable(both));
        }
        loop {
            let from = self.kept().places.len() as u64;
            let rows = self.page_from(from)?;
            if rows == from {
                return Ok(rows);
            }
        }
    }

    /// Goes on behind the rows that were counted, while the server says that there are more; one that has never said so
    /// is asked once. Such rows make their number another than the count, which is judged where both are known.
    fn beyond(&self) -> Result<(), ArcgisError> {
        let mut is_asked = !self.kept().says_cut;
        // Whoever adds rows all the while isn't waited for: the pull is judged with what has come.
        let most = self.kept().places.len() as u64 * 2 + self.pull.page_rows;
        loop {
            let (end, is_cut) = self.kept().end;
            if !is_cut && !is_asked {
                return Ok(());
            }
            let before = self.kept().places.len() as u64;
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
            spans.extend(self.step(&span)?.into_iter().rev());
        }
        Ok(self.kept().places.len() as u64)
    }

    /// Asks for everything at once, which shows how many rows the server gives at a time, or is all there is. Rows
    /// that stay.
    fn everything(&self, total: Option<u64>) -> Result<u64, ArcgisError> {
        let cap = self.cap.load(Relaxed);
        if cap != u64::MAX && cap > SANE {
            return Ok(0);
        }
        match self.step(&Span::ALL) {
            Err(error) if error.is_passing() => return Ok(0),
            stepped => stepped?,
        };
        let rows = self.kept().places.len() as u64;
        if total == Some(rows) {
            return Ok(rows);
        }
        // The same rows come again in their spans.
        *self.kept() = Kept::default();
        self.cap.fetch_min(rows.max(1), Relaxed);
        Ok(0)
    }

    fn suspects(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets one span; the spans that are left of it.
    fn step(&self, span: &Span) -> Result<Vec<Span>, ArcgisError> {
        let name = span.name();
        if let Some(body) = self.shelved(&name)? {
            return match divided(&body) {
                Some(parts) => Ok(parts),
                None => self.judge(
                    span,
                    &Sheet {
                        name: &name,
                        body: &body,
                        status: None,
                        coarse: None,
                    },
                ),
            };
        }
        if span.is_single()
            && let Some(left) = self.lightened(span, &name)?
        {
            return Ok(left);
        }
        if span.rows().is_some_and(|rows| rows > self.size.load(Relaxed)) {
            return self.divide(span, &name);
        }
        match self.pull.layer.page(span, self.tries(span, &name), None) {
            Ok(came) => self.judge(span, &Sheet::of(&name, &came)),
            Err(error) if error.is_passing() && span.divided().is_some() => {
                self.shrink(span, &error);
                let parts = self.divide(span, &name)?;
                self.suspects().extend(parts.iter().map(Span::name));
                Ok(parts)
            }
            Err(error) if error.is_passing() && span.is_single() => self.lighten(span, &name, error),
            Err(error) => Err(error),
        }
    }

    pub(super) fn shelved(&self, name: &str) -> Result<Option<Vec<u8>>, ArcgisError> {
        self.pull
            .shelf
            .get(name)
            .map_err(|source| self.shelf_error(source))
    }

    /// Keeps a page if it is what was asked for; what is left of its span.
    pub(super) fn judge(&self, span: &Span, sheet: &Sheet<'_>) -> Result<Vec<Span>, ArcgisError> {
        let layer = self.pull.layer;
        let page = page::parse(&layer.shown, sheet.body, layer.info.oid.as_deref())?;
        let left = match span.judge(self.seen(span, &page)) {
            Verdict::Incapable(reason) => return Err(ArcgisError::incapable(reason)),
            Verdict::Cut if *span != Span::ALL => return self.divide(span, sheet.name),
            Verdict::Whole | Verdict::Cut => vec![],
            Verdict::Begun(rest) => vec![rest],
        };
        if let Some(status) = sheet.status {
            self.refuse_repeats(&page)?;
            let about = About {
                rows: page.rows.len() as u64,
                status,
            };
            self.pull
                .shelf
                .put(sheet.name, sheet.body, about)
                .map_err(|source| self.shelf_error(source))?;
            self.proven.fetch_max(about.rows, Relaxed);
            self.grow();
        }
        self.keep(span, sheet, &page)?;
        Ok(left)
    }

    /// Refuses a page that repeats what was asked with; one that says the same as the one before was looked at then.
    fn refuse_repeats(&self, page: &Page<'_>) -> Result<(), ArcgisError> {
        let said = page.said();
        let whole = mark(&said);
        if self
            .judged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(whole)
            == Some(whole)
        {
            return Ok(());
        }
        self.pull.layer.refuse_repeats(&said)
    }

    fn seen(&self, span: &Span, page: &Page<'_>) -> Seen {
        let kept = self.kept();
        Seen {
            rows: page.rows.len() as u64,
            first: page.oids.first().copied().flatten(),
            layers_first: kept.layers_first,
            is_astray: page.oids.iter().flatten().any(|oid| !span.may_hold(*oid)),
            is_fresh: kept.names.is_empty(),
            is_cut: page.is_cut,
            cap: self.cap.load(Relaxed),
        }
    }

    fn keep(&self, span: &Span, sheet: &Sheet<'_>, page: &Page<'_>) -> Result<(), ArcgisError> {
        let layer = self.pull.layer;
        let mut kept = self.kept();
        if !page.rows.is_empty() {
            let common = Common::of(page);
            match &mut kept.common {
                None => kept.common = Some(common),
                Some(before) => before.agree(common, &layer.shown)?,
            }
        }
        kept.bytes += sheet.body.len() as u64;
        if kept.bytes > self.pull.max_bytes {
            return Err(ArcgisError::TooLarge {
                url: layer.shown.clone(),
                limit: self.pull.max_bytes,
            });
        }
        let number = u32::try_from(kept.names.len()).unwrap_or(u32::MAX);
        let start = if let Span::Offset { from, .. } = span {
            *from
        } else {
            0
        };
        for (row, oid) in (0_u32..).zip(&page.oids) {
            let position = i64::try_from(start + u64::from(row)).ok();
            let key = if layer.info.oid.is_some() { *oid } else { position };
            let key = key.ok_or_else(|| ArcgisError::incapable("a row comes without its object id"))?;
            if layer.info.oid.is_none() {
                kept.marks.push(mark(page.rows[row as usize].get()));
            }
            kept.places.push(Place {
                key,
                page: number,
                row,
            });
            let coarse = sheet.coarse.map(|max_allowable_offset| Generalised {
                oid: key,
                max_allowable_offset,
            });
            kept.generalised.extend(coarse);
        }
        if start == 0 && kept.layers_first.is_none() {
            kept.layers_first = page.oids.first().copied().flatten();
        }
        if let Span::Offset { from, .. } = span {
            kept.end = kept.end.max((from + page.rows.len() as u64, page.is_cut));
        }
        kept.says_cut |= page.is_cut;
        kept.names.push(sheet.name.to_owned());
        drop(kept);
        self.pull.progress.advance(page.rows.len() as u64);
        Ok(())
    }

    /// Divides a span, and notes it so that a pull that goes on later finds the parts that have landed.
    fn divide(&self, span: &Span, name: &str) -> Result<Vec<Span>, ArcgisError> {
        let parts = span.divided().ok_or_else(|| {
            ArcgisError::incapable("more rows than the server gives at a time can't be told apart")
        })?;
        let mut note = DIVIDED.to_vec();
        serde_json::to_writer(&mut note, &parts).map_err(|source| self.shelf_error(source.into()))?;
        self.pull
            .shelf
            .put(name, &note, About::default())
            .map_err(|source| self.shelf_error(source))?;
        Ok(parts)
    }

    /// Patience where smaller pages are no way out, or have shown to be none.
    fn tries(&self, span: &Span, name: &str) -> u32 {
        let is_suspect = self.suspects().remove(name);
        let is_proven = span.rows().is_some_and(|rows| rows <= self.proven.load(Relaxed));
        if (is_proven && !is_suspect) || span.divided().is_none() {
            PATIENT
        } else {
            TRIES
        }
    }

    fn shrink(&self, span: &Span, error: &ArcgisError) {
        self.calm.store(0, Relaxed);
        // Only spans whose rows are known follow the size; others are simply divided.
        if let Some(rows) = span.rows() {
            self.size.fetch_min(rows.div_ceil(2).max(1), Relaxed);
        }
        tracing::info!(rows = self.size.load(Relaxed), reason = %error, "asking for fewer rows at a time");
    }

    fn grow(&self) {
        if self.calm.fetch_add(1, Relaxed) + 1 >= CALM {
            self.calm.store(0, Relaxed);
            let size = self.size.load(Relaxed);
            self.size.store((size * 2).min(self.pull.page_rows), Relaxed);
        }
    }

    fn shelf_error(&self, source: BoxError) -> ArcgisError {
        ArcgisError::Shelf {
            url: self.pull.layer.shown.clone(),
            source,
        }
    }
}

/// A row as a number.
fn mark(row: &str) -> u128 {
    let digest = Sha256::digest(row);
    digest.first_chunk().map_or(0, |half| u128::from_le_bytes(*half))
}

fn divided(body: &[u8]) -> Option<Vec<Span>> {
    serde_json::from_slice(body.strip_prefix(DIVIDED)?).ok()
}
