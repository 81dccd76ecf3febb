//! What has come of a layer so far: the places of its rows, and what its pages have said.
//!
//! Bodies stay with the store of pages; of a row only its place is held in memory.

use sha2::{Digest, Sha256};

use super::error::ArcgisError;
use super::layer::Layer;
use super::page::Page;
use super::shared_head::SharedHead;
use super::span::Span;
use super::wire::Response;
use crate::feature::Generalised;

/// Where a row came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowPlace {
    /// Object id, or the position in the layer where it has none.
    pub(super) key: i64,
    /// Number of the page.
    pub(super) page: u32,
    /// Position in the page.
    pub(super) row: u32,
}

/// A page at hand, which has just come or was there already.
pub(super) struct IncomingPage<'a> {
    /// Its name in the store of pages.
    pub(super) name: &'a str,
    pub(super) body: &'a [u8],
    /// Status that it has just come with; none where it was stored before.
    pub(super) status: Option<u16>,
    /// How far its vertices may be off, where it was asked for so.
    pub(super) coarse: Option<f64>,
}

impl<'a> IncomingPage<'a> {
    /// A page that has just come.
    pub(super) fn from_response(name: &'a str, response: &'a Response) -> Self {
        Self {
            name,
            body: &response.body,
            status: Some(response.status),
            coarse: None,
        }
    }

    /// A page that an earlier pull has stored.
    pub(super) fn from_store(name: &'a str, body: &'a [u8]) -> Self {
        Self {
            name,
            body,
            status: None,
            coarse: None,
        }
    }
}

/// Pages so far.
#[derive(Default)]
pub(super) struct ReceivedPages {
    /// Their names in the store of pages.
    pub(super) names: Vec<String>,
    /// Where each row is.
    pub(super) places: Vec<RowPlace>,
    /// Bytes of the pages.
    pub(super) bytes: u64,
    /// Rows that the server couldn't give in full.
    pub(super) generalised: Vec<Generalised>,
    /// What each row is, by the first half of its SHA-256, where it has no object id; in no order.
    pub(super) marks: Vec<u128>,
    /// Object id of the first row of the layer's first page.
    pub(super) first_id: Option<i64>,
    /// Where the farthest page by offset ends, and whether the server says that there are more.
    pub(super) end: (u64, bool),
    /// Whether the server has said of any page that there are more.
    pub(super) says_cut: bool,
    /// What the pages say of all their rows: it must be the same.
    head: Option<SharedHead>,
}

impl ReceivedPages {
    /// Rows that have come.
    pub(super) fn rows(&self) -> u64 {
        self.places.len() as u64
    }

    /// Adds a page that is what was asked for.
    ///
    /// # Errors
    /// It doesn't go with the pages before, a row of it has no object id, or all pages together are larger than allowed.
    pub(super) fn add_page(
        &mut self,
        layer: &Layer<'_>,
        span: &Span,
        incoming: &IncomingPage<'_>,
        page: &Page<'_>,
        max_bytes: u64,
    ) -> Result<(), ArcgisError> {
        // An empty page may lack the members that describe rows, so it neither sets the head nor contradicts it.
        if !page.rows.is_empty() {
            let head = SharedHead::from_page(page);
            match &mut self.head {
                None => self.head = Some(head),
                Some(before) => before.reconcile(head, &layer.shown)?,
            }
        }
        self.bytes += incoming.body.len() as u64;
        if self.bytes > max_bytes {
            return Err(ArcgisError::TooLarge {
                url: layer.shown.clone(),
                limit: max_bytes,
            });
        }
        let start = if let Span::Offset { from, .. } = span {
            *from
        } else {
            0
        };
        self.add_rows(layer, start, page, incoming.coarse)?;
        if start == 0 && self.first_id.is_none() {
            self.first_id = page.oids.first().copied().flatten();
        }
        if let Span::Offset { from, .. } = span {
            self.end = self.end.max((from + page.rows.len() as u64, page.is_cut));
        }
        self.says_cut |= page.is_cut;
        self.names.push(incoming.name.to_owned());
        Ok(())
    }

    /// Notes where the rows of the next page are; `start` is the position of its first one.
    fn add_rows(
        &mut self,
        layer: &Layer<'_>,
        start: u64,
        page: &Page<'_>,
        coarse: Option<f64>,
    ) -> Result<(), ArcgisError> {
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let has_ids = layer.info.oid.is_some();
        for (row, oid) in (0_u32..).zip(&page.oids) {
            let position = i64::try_from(start + u64::from(row)).ok();
            let key = if has_ids { *oid } else { position };
            let key = key.ok_or_else(|| ArcgisError::incapable("a row comes without its object id"))?;
            if !has_ids {
                self.marks.push(text_mark(page.rows[row as usize].get()));
            }
            self.places.push(RowPlace {
                key,
                page: number,
                row,
            });
            self.generalised
                .extend(coarse.map(|max_allowable_offset| Generalised {
                    oid: key,
                    max_allowable_offset,
                }));
        }
        Ok(())
    }
}

/// A text as a number, by which it is compared with others.
pub(super) fn text_mark(text: &str) -> u128 {
    let digest = Sha256::digest(text);
    digest.first_chunk().map_or(0, |half| u128::from_le_bytes(*half))
}
