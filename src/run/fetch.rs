//! Lands a source, wherever its bytes are.

use super::{Context, now};
use crate::feature::Landed;
use crate::plan::{Location, SourcePlan};
use crate::store::StoreError;

/// Lands `source` in the folder `id` of the landing.
pub(super) fn land(context: &Context<'_>, id: &str, source: &SourcePlan) -> Result<Landed, StoreError> {
    match &source.location {
        Location::Path(path) => context.store.land(id, path, &source.shown, &now()),
        Location::Http(_) | Location::Arcgis(_) => unimplemented!("the fetch room, on this branch"),
    }
}
