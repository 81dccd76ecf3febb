//! Pages of an ArcGIS layer, as a pull has landed them: the layer's info, and the rows page by page.
//!
//! Whole numbers, days and instants (epoch
//! milliseconds, in UTC unless the layer says otherwise) come typed, the rest as spelled. A field with coded values
//! gets a second column `<field>_decoded` beside it, with their names. The origin of a row is its page and its place
//! in it.

mod domains;
mod field;
mod geometry;
mod info;
mod list;
mod numbers;
mod page;
mod pull_error;
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
use super::error::SourceError;
use super::stated_crs::StatedCrs;

use info::LayerInfo;
use list::PageList;
use page::OpenPage;
use pull_error::pull_error;
use reference::SpatialReference;
use row::RowReader;

/// Reads the rows of one pull.
pub(super) struct EsriRecords {
    shown: Arc<str>,
    list: PageList,
    limit: usize,
    stated: StatedCrs,
    reference: Option<SpatialReference>,
    rows: RowReader,
    next_page: usize,
    page: Option<OpenPage>,
}

impl EsriRecords {
    /// Opens the list at `path`, reads the layer's info and finds the CRS of the rows.
    pub(super) fn open(path: &Path, shown: &Arc<str>, limit: usize) -> Result<Self, SourceError> {
        let list = PageList::read(path, shown)?;
        let info = LayerInfo::parse(&list.read_info(shown)?)
            .map_err(|reason| pull_error(shown, "the layer's info", reason))?;
        // Rows are in the reference that was asked for; the layer's own is only where they come from.
        let first = (!list.pages().is_empty()).then(|| OpenPage::open(&list, 0, shown, limit));
        let reference = first
            .transpose()?
            .map(OpenPage::into_reference)
            .transpose()?
            .flatten();
        let stated = reference
            .as_ref()
            .map_or_else(|| info.stated_crs(), SpatialReference::stated_crs);
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
    pub(super) fn stated_crs(&self) -> StatedCrs {
        self.stated.clone()
    }

    /// The columns of every batch; none where the layer's info doesn't name them.
    pub(super) fn fixed_columns(&self) -> Option<Vec<String>> {
        self.rows.column_names()
    }

    /// Opens the next page that there is; gives whether there is one.
    fn open_next_page(&mut self) -> Result<bool, SourceError> {
        if self.next_page == self.list.pages().len() {
            self.rows.warn_unknown_codes(&self.shown);
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
        let Some(reference) = page.check_end()? else {
            return Ok(());
        };
        // The first comparison spares PROJ a look at each of thousands of pages, which all say the same.
        let is_known = self.reference.as_ref() == Some(&reference) || reference.stated_crs() == self.stated;
        if !is_known {
            return Err(pull_error(
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
                if !self.open_next_page()? {
                    return Ok(false);
                }
                continue;
            };
            let Some(captured) = page.next_row()? else {
                self.end_page(page)?;
                continue;
            };
            if page.row() == 1 {
                batch.set_source(page.shown().into());
            }
            // With the pull's first row, so that they are counted once.
            batch.count_generalised(std::mem::take(&mut self.list.generalised));
            self.rows.put_row(&page, captured, batch)?;
            if page.is_last_row() {
                // A batch is of one page.
                batch.close_after_row();
            }
            self.page = Some(page);
            return Ok(true);
        }
    }
}
