//! Files that needn't be fetched: made of those of the release before, and of what the other store says differs.
//!
//! A delta is as little trusted as any file of the other store: what it makes counts only with the digest that the manifest has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tracing::debug;

use super::MirrorError;
use crate::delta::{apply_delta, read_recipe};
use crate::feature::error_chain;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::delta_path;
use crate::source::check_footer;
use crate::store::{Manifest, ManifestFile, Staging, Store};

/// Length of a footer's length and magic, at the end of a Parquet file.
const FOOTER_END: u64 = 8;
/// Longest footer of a delta that is looked at, bytes: it holds the runs of millions of rows.
const MOST_FOOTER_BYTES: u64 = 128 << 20;

/// The release before, which lies here.
pub(super) struct Earlier {
    folder: PathBuf,
    files: BTreeMap<String, ManifestFile>,
}

impl Earlier {
    /// None where its manifest can't be trusted: everything is fetched then.
    pub(super) fn of_release(store: &Store, release: &ReleaseId) -> Option<Self> {
        let manifest = store.sound_manifest(release).ok()?;
        let files = manifest.files.into_iter().map(|file| (file.path.clone(), file));
        Some(Self {
            folder: store.release_dir(release),
            files: files.collect(),
        })
    }

    /// Of files that differ, first those of which the release there has a delta that may fit what is here, then the others.
    pub(super) fn with_deltas<'f>(
        &self,
        there: &Manifest,
        differing: Vec<&'f ManifestFile>,
    ) -> (Vec<&'f ManifestFile>, Vec<&'f ManifestFile>) {
        let paths: BTreeSet<&Path> = there.files.iter().map(|file| Path::new(&file.path)).collect();
        differing.into_iter().partition(|file| {
            self.files.contains_key(&file.path) && paths.contains(delta_path(&file.path).as_path())
        })
    }

    /// Makes files out of those here and of their deltas, which are staged; gives those that couldn't be made.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn make_files<'f>(
        &self,
        staging: &Staging<'_>,
        files: &[&'f ManifestFile],
    ) -> Result<Vec<&'f ManifestFile>, MirrorError> {
        let failed = files.par_iter().filter_map(|file| {
            let old = self.files.get(&file.path)?;
            match make_file(staging, &self.folder, old, file) {
                Ok(true) => None,
                Ok(false) => Some(Ok(*file)),
                Err(error) => Some(Err(error)),
            }
        });
        failed.collect()
    }
}

/// Makes one; whether it is what the manifest says.
fn make_file(
    staging: &Staging<'_>,
    folder: &Path,
    old: &ManifestFile,
    file: &ManifestFile,
) -> Result<bool, MirrorError> {
    let delta = staging.path_of(&delta_path(&file.path));
    if !is_meant_for(&delta, old, file) {
        return Ok(false);
    }
    let relative = Path::new(&file.path);
    let mut staged = staging.create(relative)?;
    if let Err(error) = apply_delta(&folder.join(&old.path), &delta, &mut staged) {
        debug!(
            path = file.path,
            reason = error_chain(&error),
            "fetched whole: its delta can't be applied"
        );
        return Ok(false);
    }
    let written = staged.commit()?;
    if written.sha256 != file.sha256 {
        debug!(path = file.path, "fetched whole: its delta makes other bytes");
        staging.discard(relative)?;
        return Ok(false);
    }
    Ok(true)
}

/// Whether a delta is of the file that is here, and makes the one that is wanted.
fn is_meant_for(delta: &Path, old: &ManifestFile, file: &ManifestFile) -> bool {
    has_sound_footer(delta)
        && read_recipe(delta).is_ok_and(|recipe| recipe.of == old.sha256 && recipe.makes == file.sha256)
}

/// Whether the footer of a Parquet file may be parsed: one that claims to hold millions of things costs as much.
pub fn has_sound_footer(path: &Path) -> bool {
    footer_bytes(path).is_ok_and(|footer| check_footer(&footer).is_ok())
}

fn footer_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let end = length
        .checked_sub(FOOTER_END)
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    file.seek(SeekFrom::Start(end))?;
    let mut told = [0; 4];
    file.read_exact(&mut told)?;
    let footer = u64::from(u32::from_le_bytes(told));
    let start = end
        .checked_sub(footer)
        .filter(|_| footer <= MOST_FOOTER_BYTES)
        .ok_or(io::ErrorKind::InvalidData)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(footer).read_to_end(&mut bytes)?;
    Ok(bytes)
}
