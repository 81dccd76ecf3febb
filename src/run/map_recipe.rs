//! What an archive of vector tiles follows from, beside the program: told by the report, so that others can make it again.

use serde::{Deserialize, Serialize};

use super::fingerprint::digest_of;
use crate::vector_tiles::{ArchiveDoc, RULE};

/// To be raised when the same rows give other archives than before within one version.
const GENERATION: u32 = 1;

/// How an archive is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapRecipe {
    /// What people are told of it.
    pub doc: ArchiveDoc,
    /// Columns that its features have at all zooms, beside those that every collection has there.
    pub columns: Vec<String>,
}

impl MapRecipe {
    /// Digest of all that an archive follows from, by the digests of the files that its rows are in.
    pub(super) fn made_of(&self, mut files: Vec<String>) -> String {
        files.sort_unstable();
        let doc = (&self.doc.name, &self.doc.description, &self.doc.attribution);
        digest_of(&(
            GENERATION,
            env!("CARGO_PKG_VERSION"),
            doc,
            &self.columns,
            RULE,
            files,
        ))
    }
}
