//! Whether all features of a layer have come: those read, against its header and GDAL's messages.

use crate::source::error::SourceError;

/// Rows read of a layer, against what its header and GDAL's messages say.
pub(super) struct FeatureCount {
    /// Features of the header, deleted ones perhaps counted in.
    pub(super) stated: u64,
    /// Features read.
    pub(super) read: u64,
    /// What GDAL said of a feature it passed over.
    pub(super) skipped: Option<String>,
}

impl FeatureCount {
    /// Ends the layer, unless GDAL failed on the way: then rows are missing.
    ///
    /// That fewer came than the header states is a warning alone: shapefiles and geodatabases count deleted features in.
    pub(super) fn check_end(
        &mut self,
        failure: Option<String>,
        shown: &str,
        last: u64,
    ) -> Result<(), SourceError> {
        if let Some(reason) = failure.or(self.skipped.take()) {
            return Err(SourceError::Damaged {
                shown: shown.to_owned(),
                row: last,
                reason,
            });
        }
        if self.read < self.stated {
            tracing::warn!(
                source = shown,
                rows = self.read,
                stated = self.stated,
                "fewer rows than the layer's header states"
            );
        }
        Ok(())
    }
}
