//! Pages of an ArcGIS layer, as a pull has landed them: the layer's info, and the rows page by page.
//!
//! Reads Esri JSON and, through `crate::esri`, protocol buffers. Whole numbers, days and instants (epoch
//! milliseconds, in UTC unless the layer says otherwise) come typed, the rest as spelled. A field with coded values gets a second
//! column `<field>_decoded` beside it, with their names. The origin of a row is its page and its place in it.

mod domains;
mod geometry;
mod info;
mod list;
mod numbers;
mod page;
mod reference;
mod rings;
mod row;
#[cfg(test)]
mod tests;
mod vertex;

use std::path::Path;
use std::sync::Arc;

use super::Records;
use super::batch::BatchBuilder;
use super::crs::Stated;
use super::error::SourceError;

use info::Info;
use list::List;
use page::OpenPage;
use reference::Reference;
use row::RowReader;

/// Reads the rows of one pull.
pub(super) struct EsriRecords {
    shown: Arc<str>,
    list: List,
    limit: usize,
    stated: Stated,
    reference: Option<Reference>,
    rows: RowReader,
    next_page: usize,
    page: Option<OpenPage>,
}

impl EsriRecords {
    /// Opens the list at `path`, reads the layer's info and finds the CRS of the rows.
    pub(super) fn open(path: &Path, shown: &Arc<str>, limit: usize) -> Result<Self, SourceError> {
        let list = List::read(path, shown)?;
        let info =
            Info::parse(&list.info(shown)?).map_err(|reason| broken(shown, "the layer's info", reason))?;
        // Rows are in the reference that was asked for; the layer's own is only where they come from.
        let first = (!list.pages().is_empty()).then(|| OpenPage::open(&list, 0, shown, limit));
        let reference = first.transpose()?.map(OpenPage::reference).transpose()?.flatten();
        let stated = reference
            .as_ref()
            .map_or_else(|| info.stated(), Reference::stated);
        let rows = RowReader::new(info);
        Ok(Self {
            shown: Arc::clone(shown),
            list,
            limit,
            stated,
            reference,
            rows,
            next_page: 0,
            page: None,
        })
    }

    /// What the pull says about its CRS.
    pub(super) fn stated(&self) -> Stated {
        self.stated.clone()
    }

    /// The columns of every batch; none where the layer's info doesn't name them.
    pub(super) fn columns(&self) -> Option<Vec<String>> {
        self.rows.columns()
    }

    /// Opens the next page that there is; gives whether there is one.
    fn turn(&mut self) -> Result<bool, SourceError> {
        if self.next_page == self.list.pages().len() {
            self.rows.tell(&self.shown);
            return Ok(false);
        }
        self.page = Some(OpenPage::open(
            &self.list,
            self.next_page,
            &self.shown,
            self.limit,
        )?);
        self.next_page += 1;
        Ok(true)
    }

    /// Ends a page after its last row: it must be whole, and in the CRS of the first.
    fn end_page(&mut self, page: OpenPage) -> Result<(), SourceError> {
        let shown = page.shown().to_owned();
        let Some(reference) = page.close()? else {
            return Ok(());
        };
        let is_known = self.reference.as_ref() == Some(&reference) || reference.stated() == self.stated;
        if !is_known {
            return Err(broken(
                &shown,
                "the page",
                "its spatial reference is not that of the first page",
            ));
        }
        self.reference = Some(reference);
        Ok(())
    }
}

impl Records for EsriRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        loop {
            let Some(mut page) = self.page.take() else {
                if !self.turn()? {
                    return Ok(false);
                }
                continue;
            };
            let Some(captured) = page.next()? else {
                self.end_page(page)?;
                continue;
            };
            if page.row() == 1 {
                batch.set_source(page.shown().into());
            }
            // With the pull's first row, so that they are counted once.
            batch.generalised(std::mem::take(&mut self.list.generalised));
            self.rows.put(&page, captured, batch)?;
            if page.is_last_row() {
                // A batch is of one page.
                batch.close();
            }
            self.page = Some(page);
            return Ok(true);
        }
    }
}

fn broken(shown: &str, what: &'static str, reason: impl Into<String>) -> SourceError {
    SourceError::Pull {
        shown: shown.to_owned(),
        what,
        reason: reason.into(),
    }
}
