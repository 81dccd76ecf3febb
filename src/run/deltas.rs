//! `deltas/<path>.delta`: for each large Parquet file that differs from the release before, what it takes to make it of that.
//!
//! Made once all files are staged, and kept only where it has made the very file again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tracing::{debug, info, warn};

use super::context::Context;
use crate::delta::{DeltaError, FileVersion, apply_delta, make_delta};
use crate::error::{Error, error_chain};
use crate::feature::digest::to_hex;
use crate::feature::release::paths::delta_path;
use crate::feature::release::product_names;
use crate::geoparquet::WriteOptions;
use crate::store::{ManifestFile, NewFiles, has_digest};

/// Files below this are fetched as a whole: a footer and a recipe weigh some 10 KiB, and a request more than the rest.
const LEAST_BYTES: u64 = 64 << 10;
/// A delta of more than a third of its file saves little, and takes work on both sides.
const LEAST_GAIN: u64 = 3;
/// Name of a delta in the making.
const DELTA: &str = "rows.delta";

/// Makes the deltas that the plan wants.
///
/// A file that no delta can be made of is fetched as a whole by whoever wants it: nothing of it fails a night.
///
/// # Errors
/// When the store fails.
pub(super) fn write_deltas(context: &Context<'_>) -> Result<(), Error> {
    let Some(last) = context
        .last
        .filter(|_| context.plan.makes_product(product_names::DELTAS))
    else {
        return Ok(());
    };
    let Ok(manifest) = context.store.sound_manifest(&last.release) else {
        return Ok(());
    };
    let _task = context.progress.start("derive", product_names::DELTAS, None);
    let timer = Instant::now();
    let folder = context.store.release_dir(&last.release);
    let before: BTreeMap<&str, &ManifestFile> = manifest
        .files
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    let staged = context.staging.files();
    let differing = staged.par_iter().filter_map(|file| {
        let old = before.get(file.path.as_str())?;
        let is_worth_it =
            file.path.ends_with(".parquet") && file.bytes >= LEAST_BYTES && old.sha256 != file.sha256;
        is_worth_it.then_some((*old, file))
    });
    let made: Vec<u64> = differing
        .filter_map(|(old, new)| write_delta(context, &folder, old, new).transpose())
        .collect::<Result<_, Error>>()?;
    info!(
        stage = "derive",
        deltas = made.len(),
        bytes = made.iter().sum::<u64>(),
        seconds = timer.elapsed().as_secs_f64(),
        "what differs from {}, file by file",
        last.release
    );
    Ok(())
}

/// Makes the delta of a file; gives its bytes, none where there is none.
fn write_delta(
    context: &Context<'_>,
    folder: &Path,
    old: &ManifestFile,
    new: &ManifestFile,
) -> Result<Option<u64>, Error> {
    let old_path = folder.join(&old.path);
    if !has_digest(&old_path, &old.sha256) {
        return Ok(None);
    }
    let new_path = context.staging.path_of(Path::new(&new.path));
    let before = FileVersion {
        path: &old_path,
        sha256: &old.sha256,
    };
    let after = FileVersion {
        path: &new_path,
        sha256: &new.sha256,
    };
    // Made apart, so that no folder is published for one that is let go.
    let files = NewFiles::within(context.staging.scratch())?;
    let made_at = files.path_of(DELTA);
    let file = files.create(DELTA)?;
    let made = make_delta(before, after, &options_of(context, &new.path), file);
    let rows = match made {
        Ok(Some(rows)) => rows,
        Ok(None) => return Ok(None),
        Err(error) => {
            warn!(
                path = new.path,
                reason = error_chain(&error),
                "no delta: whoever takes the release over fetches the whole file"
            );
            return Ok(None);
        }
    };
    let is_worth_it = fs::metadata(&made_at).is_ok_and(|made| made.len() <= new.bytes / LEAST_GAIN);
    if !is_worth_it || !makes_again(&old_path, &made_at, &new.sha256) {
        return Ok(None);
    }
    let path = delta_path(&new.path);
    let written = context.staging.adopt(&made_at, &path)?;
    context.note_rows(&path, rows);
    Ok(Some(written.bytes))
}

/// How a file of a release was written.
fn options_of(context: &Context<'_>, path: &str) -> WriteOptions {
    let is_tile_like =
        path.contains("/data/") || path.contains("/crossing/") || path.ends_with("national.parquet");
    if is_tile_like {
        context.write_options()
    } else {
        super::tile::long_options(context)
    }
}

/// Whether the old file and the delta give the file of this digest: whoever gets the delta will not have to find out.
fn makes_again(old: &Path, delta: &Path, sha256: &str) -> bool {
    let mut digest = Digesting(Sha256::new());
    let made: Result<(), DeltaError> = apply_delta(old, delta, &mut digest);
    match made {
        Ok(()) if to_hex(&digest.0.finalize()) == sha256 => true,
        Ok(()) => {
            debug!(path = %delta.display(), "no delta: it makes other bytes");
            false
        }
        Err(error) => {
            debug!(path = %delta.display(), reason = error_chain(&error), "no delta");
            false
        }
    }
}

/// Takes the digest of what is written, and keeps nothing of it.
struct Digesting(Sha256);

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
