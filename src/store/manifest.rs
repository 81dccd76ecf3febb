//! `manifest.json`: every file of a release but itself, with size, rows and digest; and the check against it.
//!
//! Reads a release, also one that was copied elsewhere; writes nothing. Follows no link.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::digest::digest_file;
use super::error::{IoResultExt, StoreError};
use super::problem::{Problem, ProblemKind};
use super::record;
use super::regular::read_regular;
use crate::feature::release::paths::MANIFEST;
use crate::feature::release::{ReleaseId, data_digest};

/// What a release holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format.
    pub version: u32,
    /// Id of the release.
    pub release: ReleaseId,
    /// When it was published, RFC 3339 UTC.
    pub published: String,
    /// Every file but the manifest, by path.
    pub files: Vec<ManifestFile>,
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Path relative to the release, with `/`.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// Rows of a Parquet file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

impl Manifest {
    /// Digest of the release's data, by which it is cited.
    pub fn data_sha256(&self) -> String {
        data_digest(files_with_digests(&self.files))
    }
}

/// Paths and digests, as `data_digest` asks for them.
pub(super) fn files_with_digests<'a>(
    files: impl IntoIterator<Item = &'a ManifestFile>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    files
        .into_iter()
        .map(|file| (file.path.as_str(), file.sha256.as_str()))
}

/// Reads the manifest of a release.
///
/// # Errors
/// It is missing, or can't be read or understood.
pub fn read_manifest(release_dir: &Path) -> Result<Manifest, StoreError> {
    let path = release_dir.join(MANIFEST);
    let text = read_regular(&path).while_reading(&path)?;
    record::parse(&path, &text)
}

/// Compares a release with its manifest, sizes and digests; several files at a time on rayon's current pool.
///
/// Problems come sorted by path. Whether the manifest itself is the one that was published, only the
/// store's record knows: see `Store::check_release`.
///
/// # Errors
/// The manifest is missing or can't be understood, or a folder can't be listed.
pub fn check_manifest(release_dir: &Path) -> Result<Vec<Problem>, StoreError> {
    let manifest = read_manifest(release_dir)?;
    let (sound, mut problems) = compare_with_disk(release_dir, &manifest)?;
    problems.par_extend(
        sound
            .into_par_iter()
            .filter_map(|file| wrong_content(release_dir, file)),
    );
    problems.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(problems)
}

/// Compares a release with its manifest by names and sizes alone.
pub(super) fn check_sizes(release_dir: &Path, manifest: &Manifest) -> Result<Vec<Problem>, StoreError> {
    Ok(compare_with_disk(release_dir, manifest)?.1)
}

/// Files of one list that another hasn't, or has with other bytes.
pub(super) fn differing_files(listed: &[ManifestFile], there: &[ManifestFile]) -> Vec<Problem> {
    let listed: BTreeMap<&str, &str> = files_with_digests(listed).collect();
    let there: BTreeMap<&str, &str> = files_with_digests(there).collect();
    let wrong = listed
        .iter()
        .filter_map(|(path, expected)| match there.get(path) {
            None => Some(Problem::new(path, ProblemKind::Missing)),
            Some(found) if found == expected => None,
            Some(found) => {
                let kind = ProblemKind::Sha256 {
                    expected: (*expected).to_owned(),
                    found: (*found).to_owned(),
                };
                Some(Problem::new(path, kind))
            }
        });
    let extra = there
        .keys()
        .filter(|path| !listed.contains_key(*path))
        .map(|path| Problem::new(path, ProblemKind::Extra));
    wrong.chain(extra).collect()
}

/// Files of a manifest at or below a path, and what keeps them from being used, judged by size.
pub(super) fn files_below<'a>(
    release_dir: &Path,
    manifest: &'a Manifest,
    relative: &Path,
) -> (Vec<&'a ManifestFile>, Vec<Problem>) {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for file in &manifest.files {
        if !Path::new(&file.path).starts_with(relative) {
            continue;
        }
        problems.extend(problem_by_size(release_dir, file));
        files.push(file);
    }
    if files.is_empty() {
        problems.push(Problem::new(&relative.to_string_lossy(), ProblemKind::Missing));
    }
    (files, problems)
}

/// What keeps a file from being used, judged by its size.
pub(super) fn problem_by_size(release_dir: &Path, file: &ManifestFile) -> Option<Problem> {
    if escapes_release(&file.path) {
        return Some(Problem::new(&file.path, ProblemKind::Escapes));
    }
    let found = fs::symlink_metadata(release_dir.join(&file.path)).ok();
    wrong_size(file, found.as_ref().map(Entry::from_metadata).as_ref())
}

/// The files worth hashing, and the problems seen without.
fn compare_with_disk<'a>(
    release_dir: &Path,
    manifest: &'a Manifest,
) -> Result<(Vec<&'a ManifestFile>, Vec<Problem>), StoreError> {
    let mut on_disk = BTreeMap::new();
    list_files(release_dir, Path::new(""), &mut on_disk)?;
    on_disk.remove(Path::new(MANIFEST));

    let mut sound = Vec::new();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for file in &manifest.files {
        let problem = if escapes_release(&file.path) {
            Some(Problem::new(&file.path, ProblemKind::Escapes))
        } else if !seen.insert(Path::new(&file.path)) {
            Some(Problem::new(&file.path, ProblemKind::Twice))
        } else {
            wrong_size(file, on_disk.remove(Path::new(&file.path)).as_ref())
        };
        match problem {
            Some(problem) => problems.push(problem),
            None => sound.push(file),
        }
    }
    for (path, entry) in on_disk {
        let kind = if matches!(entry, Entry::File(_)) {
            ProblemKind::Extra
        } else {
            ProblemKind::NotAFile
        };
        problems.push(Problem::new(&path.to_string_lossy(), kind));
    }
    Ok((sound, problems))
}

/// What stands at a path, links not followed.
enum Entry {
    File(u64),
    Other,
}

impl Entry {
    fn from_metadata(metadata: &fs::Metadata) -> Self {
        if metadata.is_file() {
            Self::File(metadata.len())
        } else {
            Self::Other
        }
    }
}

/// Everything below a folder that is no folder, by relative path.
fn list_files(root: &Path, relative: &Path, found: &mut BTreeMap<PathBuf, Entry>) -> Result<(), StoreError> {
    let folder = root.join(relative);
    for entry in fs::read_dir(&folder).while_reading(&folder)? {
        let entry = entry.while_reading(&folder)?;
        let metadata = entry.metadata().while_reading(&folder)?;
        let path = relative.join(entry.file_name());
        if metadata.is_dir() {
            list_files(root, &path, found)?;
        } else {
            found.insert(path, Entry::from_metadata(&metadata));
        }
    }
    Ok(())
}

fn wrong_size(file: &ManifestFile, entry: Option<&Entry>) -> Option<Problem> {
    let kind = match entry {
        None => ProblemKind::Missing,
        Some(Entry::Other) => ProblemKind::NotAFile,
        Some(Entry::File(bytes)) if *bytes != file.bytes => ProblemKind::Bytes {
            expected: file.bytes,
            found: *bytes,
        },
        Some(Entry::File(_)) => return None,
    };
    Some(Problem::new(&file.path, kind))
}

/// What is wrong with a file that has its size.
pub(super) fn wrong_content(release_dir: &Path, file: &ManifestFile) -> Option<Problem> {
    let kind = match digest_file(&release_dir.join(&file.path)) {
        Ok((found, _)) if found == file.sha256 => return None,
        Ok((found, _)) => ProblemKind::Sha256 {
            expected: file.sha256.clone(),
            found,
        },
        Err(StoreError::Read { source, .. }) => ProblemKind::Unreadable(source.to_string()),
        Err(error) => ProblemKind::Unreadable(error.to_string()),
    };
    Some(Problem::new(&file.path, kind))
}

/// Whether a path is anything but plain names between single `/`.
fn escapes_release(path: &str) -> bool {
    let plain = Path::new(path)
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    path.is_empty() || !plain
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::fixture::{self, TILE};
    use super::*;

    /// Problems, as text, of a release after something was done to its folder.
    fn problems_after(harm: impl FnOnce(&Path)) -> Vec<String> {
        let (_folder, store) = fixture::store();
        let release = fixture::release(&store, "r1", 1, 9).unwrap().folder;
        harm(&release);
        check_manifest(&release)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn edit_manifest(release: &Path, edit: impl FnOnce(&mut Manifest)) {
        let mut manifest = read_manifest(release).unwrap();
        edit(&mut manifest);
        fs::write(release.join(MANIFEST), record::to_json(&manifest)).unwrap();
    }

    #[test]
    fn a_release_as_published_has_no_problem() {
        assert_eq!(problems_after(|_| {}), [""; 0]);
    }

    #[test]
    fn files_that_differ_are_named() {
        let found = problems_after(|release| {
            fs::write(release.join(TILE), "tile of day 2").unwrap();
            fs::write(release.join("README.md"), "dam\n").unwrap();
            fs::write(release.join("layers/notes.txt"), "x").unwrap();
        });
        assert_eq!(found[0], "README.md: 4 bytes, should be 5");
        assert!(found[1].starts_with(&format!("{TILE}: sha256 ")), "{found:?}");
        assert_eq!(found[2], "layers/notes.txt: not in the manifest");
    }

    #[test]
    fn links_are_not_followed() {
        let found = problems_after(|release| {
            let aside = release.parent().unwrap().join("aside");
            fs::rename(release.join("layers"), &aside).unwrap();
            symlink(&aside, release.join("layers")).unwrap();
            fs::rename(release.join("README.md"), aside.join("README.md")).unwrap();
            symlink(aside.join("README.md"), release.join("README.md")).unwrap();
        });
        let linked = "a link or not a regular file";
        let expected = [
            format!("README.md: {linked}"),
            format!("layers: {linked}"),
            format!("{TILE}: missing"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_manifest_that_lies_is_found_out() {
        let found = problems_after(|release| {
            edit_manifest(release, |manifest| {
                let file = manifest.files[0].clone();
                for path in [
                    "/etc/passwd",
                    "../latest.json",
                    "layers/../README.md",
                    "README.md",
                ] {
                    manifest.files.push(ManifestFile {
                        path: path.to_owned(),
                        ..file.clone()
                    });
                }
            });
        });
        let outside = "the manifest names a path outside the release";
        assert_eq!(
            found,
            [
                format!("../latest.json: {outside}"),
                format!("/etc/passwd: {outside}"),
                "README.md: the manifest names it twice".to_owned(),
                format!("layers/../README.md: {outside}"),
            ]
        );
    }

    #[test]
    fn a_release_without_manifest_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            check_manifest(folder.path()),
            Err(StoreError::Read { .. })
        ));
        fs::write(folder.path().join(MANIFEST), "<html>").unwrap();
        assert!(matches!(
            check_manifest(folder.path()),
            Err(StoreError::Record { .. })
        ));
    }
}
