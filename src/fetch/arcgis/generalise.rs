//! A row that is too heavy for its server even alone: had with fewer vertices, and noted as such.
//!
//! Only geometry that a server can't give otherwise is generalised: after the lighter question is answered, the plain
//! one is asked once more.

use super::error::ArcgisError;
use super::paged_pull::{PagedPull, TRIES};
use super::received::IncomingPage;
use super::span::Span;

/// How far vertices may be off, as parts of the layer's extent, the finest first: of a nation's some 5, 50 and 500 m.
const PARTS: [f64; 3] = [1e-6, 1e-5, 1e-4];

/// Rows that are generalised in a pull at most: a server that fails on more of them is broken, not burdened.
const MOST: usize = 100;

impl PagedPull<'_> {
    /// A generalised row that an earlier pull has stored; what is left of its span.
    pub(super) fn stored_generalised(
        &self,
        span: &Span,
        name: &str,
    ) -> Result<Option<Vec<Span>>, ArcgisError> {
        for (step, offset) in self.allowable_offsets() {
            let name = coarse_name(name, step);
            if let Some(body) = self.settings.pages.get(&name)? {
                let page = IncomingPage {
                    coarse: Some(offset),
                    ..IncomingPage::from_store(&name, &body)
                };
                return self.judge_page(span, &page).map(Some);
            }
        }
        Ok(None)
    }

    /// Gets a row with fewer vertices, after the server has failed on it with `error`; what is left of its span.
    pub(super) fn fetch_generalised(
        &self,
        span: &Span,
        name: &str,
        error: ArcgisError,
    ) -> Result<Vec<Span>, ArcgisError> {
        let layer = self.settings.layer;
        for (step, offset) in self.allowable_offsets() {
            if self.received().generalised.len() >= MOST {
                break;
            }
            let Ok(light) = layer.fetch_page(span, TRIES, Some(offset)) else {
                continue;
            };
            // That the light question is answered may only show that the server has recovered meanwhile.
            if let Ok(full) = layer.fetch_page(span, 1, None) {
                return self.judge_page(span, &IncomingPage::from_response(name, &full));
            }
            tracing::warn!(
                url = layer.shown,
                span = name,
                offset,
                reason = %error,
                "the server can't give a geometry in full: it is generalised"
            );
            let name = coarse_name(name, step);
            let page = IncomingPage {
                coarse: Some(offset),
                ..IncomingPage::from_response(&name, &light)
            };
            return self.judge_page(span, &page);
        }
        Err(error)
    }

    /// Offsets in units of the layer's reference; none where its extent isn't known in them, or it has no geometry.
    fn allowable_offsets(&self) -> impl Iterator<Item = (usize, f64)> {
        let info = &self.settings.layer.info;
        let is_known = info.has_geometry && info.extent_reference == info.spatial_reference;
        let extent = info.extent.filter(|_| is_known);
        let size = extent.map_or(0.0, |[xmin, ymin, xmax, ymax]| (xmax - xmin).max(ymax - ymin));
        PARTS
            .into_iter()
            .map(move |part| size * part)
            .enumerate()
            .filter(|(_, offset)| *offset > 0.0)
    }
}

/// Name of the stored page.
fn coarse_name(name: &str, step: usize) -> String {
    format!("coarse-{step}-{name}")
}
