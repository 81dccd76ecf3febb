//! Whether a release is cited by the digest of its data.

use std::path::Path;

use crate::derive::product::Problem;
use crate::feature::release::paths::{CITATION, DATAPACKAGE, README};
use crate::store::{self, Manifest};

/// Files that tell a digest, and not that of the data.
pub(super) fn wrong_citations(release: &Path, manifest: &Manifest, data_sha256: &str) -> Vec<Problem> {
    let is_listed = |name: &str| manifest.files.iter().any(|file| file.path == name);
    // Releases of before there was a digest have a README all the same, which tells none.
    if !is_listed(CITATION) {
        return Vec::new();
    }
    let files = [CITATION, DATAPACKAGE, README];
    let listed = files.into_iter().filter(|name| is_listed(name));
    listed
        .filter_map(|name| wrong_citation(release, name, data_sha256))
        .collect()
}

fn wrong_citation(release: &Path, name: &str, data_sha256: &str) -> Option<Problem> {
    // One that can't be read is a problem of another check.
    let text = store::read_regular(&release.join(name)).ok()?;
    if String::from_utf8_lossy(&text).contains(data_sha256) {
        return None;
    }
    let what = format!("doesn't name the digest of the data, which is {data_sha256}");
    Some(Problem::new(name, what))
}
