//! A row that is too heavy for its server even alone: had with fewer vertices, and noted as such.
//!
//! Only geometry that a server can't give otherwise is generalised: after the lighter question is answered, the plain
//! one is asked once more.

use super::climb::{Climb, Sheet, TRIES};
use super::error::ArcgisError;
use super::span::Span;

/// How far vertices may be off, as parts of the layer's extent, the finest first: of a nation's some 5, 50 and 500 m.
const PARTS: [f64; 3] = [1e-6, 1e-5, 1e-4];

/// Rows that are generalised in a pull at most: a server that fails on more of them is broken, not burdened.
const MOST: usize = 100;

impl Climb<'_> {
    /// A generalised row that an earlier pull has left on the shelf; what is left of its span.
    pub(super) fn lightened(&self, span: &Span, name: &str) -> Result<Option<Vec<Span>>, ArcgisError> {
        for (step, offset) in self.offsets() {
            let name = coarse(name, step);
            if let Some(body) = self.shelved(&name)? {
                let sheet = Sheet {
                    name: &name,
                    body: &body,
                    status: None,
                    coarse: Some(offset),
                };
                return self.judge(span, &sheet).map(Some);
            }
        }
        Ok(None)
    }

    /// Gets a row with fewer vertices, after the server has failed on it with `error`; what is left of its span.
    pub(super) fn lighten(
        &self,
        span: &Span,
        name: &str,
        error: ArcgisError,
    ) -> Result<Vec<Span>, ArcgisError> {
        let layer = self.pull.layer;
        for (step, offset) in self.offsets() {
            if self.kept().generalised.len() >= MOST {
                break;
            }
            let Ok(light) = layer.page(span, TRIES, Some(offset)) else {
                continue;
            };
            if let Ok(came) = layer.page(span, 1, None) {
                return self.judge(span, &Sheet::of(name, &came));
            }
            tracing::warn!(
                url = layer.shown,
                span = name,
                offset,
                reason = %error,
                "the server can't give a geometry in full: it is generalised"
            );
            let name = coarse(name, step);
            return self.judge(
                span,
                &Sheet {
                    coarse: Some(offset),
                    ..Sheet::of(&name, &light)
                },
            );
        }
        Err(error)
    }

    /// Offsets in units of the layer's reference; none where its extent isn't known in them, or it has no geometry.
    fn offsets(&self) -> impl Iterator<Item = (usize, f64)> {
        let info = &self.pull.layer.info;
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

/// Name of the page on the shelf.
fn coarse(name: &str, step: usize) -> String {
    format!("coarse-{step}-{name}")
}
