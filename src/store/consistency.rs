//! Whether a release, its record, its manifest and `latest.json` tell the same.
//!
//! Reads, and mends nothing: that is `heal`'s.

use std::fmt;
use std::path::Path;

use super::error::{IoResultExt, StoreError};
use super::manifest::{self, Manifest};
use super::problem::{Problem, ProblemKind};
use super::regular::read_regular;
use super::release::Latest;
use super::{Store, record};
use crate::feature::digest::sha256_hex;
use crate::feature::error_chain;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::{MANIFEST, is_of_inventory, is_tile};

impl Store {
    /// Compares a release of this store with its record and manifest, digests and all.
    ///
    /// # Errors
    /// There is no such release, or as `check_manifest`.
    pub fn check_release(&self, release: &ReleaseId) -> Result<Vec<Problem>, StoreError> {
        let (told, mut problems) = self.judge_manifest(release)?;
        let folder = self.release_dir(release);
        // A record is held against its own manifest alone: against another one every field would differ, and say
        // nothing.
        if problems.is_empty() {
            let record = format!("releases/{release}.json");
            for what in contradictions(&told, &manifest::read_manifest(&folder)?) {
                problems.push(Problem::new(&record, ProblemKind::Told(what)));
            }
        }
        problems.extend(manifest::check_manifest(&folder)?);
        Ok(problems)
    }

    /// The manifest of a release, which is the one that its record tells of.
    ///
    /// # Errors
    /// Record or manifest are missing or damaged.
    pub fn sound_manifest(&self, release: &ReleaseId) -> Result<Manifest, StoreError> {
        let read = match self.judge_manifest(release) {
            Ok((_, problems)) if !problems.is_empty() => Err(problems),
            Ok(_) => manifest::read_manifest(&self.release_dir(release)).map_err(|error| unreadable(&error)),
            Err(error) => Err(unreadable(&error)),
        };
        read.map_err(|problems| StoreError::Damaged {
            release: release.clone(),
            problems,
        })
    }

    /// A file of a release, which has the digest that the manifest says.
    ///
    /// # Errors
    /// It is missing or damaged, or as `sound_manifest`.
    pub fn sound_file(&self, release: &ReleaseId, relative: &str) -> Result<Vec<u8>, StoreError> {
        let manifest = self.sound_manifest(release)?;
        read_listed(&self.release_dir(release), &manifest, relative).map_err(|kind| StoreError::Damaged {
            release: release.clone(),
            problems: vec![Problem::new(relative, kind)],
        })
    }

    /// What is wrong with `latest.json`: each of its fields against the record, the manifest and the folder of the release.
    ///
    /// # Errors
    /// The folder of releases can't be listed.
    pub fn check_latest(&self) -> Result<Vec<String>, StoreError> {
        let told: Latest = match record::read(&self.latest_path()) {
            Ok(Some(told)) => told,
            Ok(None) if self.releases()?.is_empty() => return Ok(vec![]),
            Ok(None) => return Ok(vec!["missing, though there are releases".to_owned()]),
            Err(error) => return Ok(vec![error_chain(&error)]),
        };
        let id = &told.release;
        if !self.release_dir(id).is_dir() {
            return Ok(vec![format!("points to release `{id}`, which is not there")]);
        }
        let mut wrong = match record::read::<Latest>(&self.record_path(id)) {
            Ok(Some(record)) => fields_differ(&told, &record),
            Ok(None) => vec![format!(
                "the release that it points to has no record releases/{id}.json"
            )],
            Err(error) => vec![error_chain(&error)],
        };
        match self.manifest_told_of(&told) {
            Ok(Ok(manifest)) => wrong.extend(contradictions(&told, &manifest)),
            Ok(Err(found)) => wrong.push(format!("`manifest_sha256` is not that of manifest.json, {found}")),
            Err(error) => wrong.push(error_chain(&error)),
        }
        Ok(wrong)
    }

    /// Whether a record, or `latest.json`, tells of a release as its manifest does.
    pub(super) fn fits_manifest(&self, told: &Latest) -> bool {
        self.manifest_told_of(told)
            .is_ok_and(|manifest| manifest.is_ok_and(|manifest| contradictions(told, &manifest).is_empty()))
    }

    /// The manifest that a record tells of, or the digest of another one.
    fn manifest_told_of(&self, told: &Latest) -> Result<Result<Manifest, String>, StoreError> {
        let path = self.release_dir(&told.release).join(MANIFEST);
        let text = read_regular(&path).while_reading(&path)?;
        let found = sha256_hex(&text);
        if found == told.manifest_sha256 {
            record::parse(&path, &text).map(Ok)
        } else {
            Ok(Err(found))
        }
    }

    /// The record of a release, and whether its manifest is the one recorded.
    pub(super) fn judge_manifest(&self, release: &ReleaseId) -> Result<(Latest, Vec<Problem>), StoreError> {
        let latest: Option<Latest> = record::read(&self.record_path(release))?;
        let Some(latest) = latest.filter(|_| self.release_dir(release).is_dir()) else {
            return Err(StoreError::NoRelease {
                release: release.to_string(),
                store: self.root.clone(),
            });
        };
        let path = self.release_dir(release).join(MANIFEST);
        let found = sha256_hex(&read_regular(&path).while_reading(&path)?);
        let expected = latest.manifest_sha256.clone();
        if found == expected {
            return Ok((latest, vec![]));
        }
        let problem = Problem::new(MANIFEST, ProblemKind::Sha256 { expected, found });
        Ok((latest, vec![problem]))
    }
}

/// What keeps a manifest from being read, as the problem of its release.
fn unreadable(error: &StoreError) -> Vec<Problem> {
    vec![Problem::new(
        MANIFEST,
        ProblemKind::Unreadable(error_chain(error)),
    )]
}

/// A file whose bytes are those that the manifest lists; else what is wrong with it.
fn read_listed(release_dir: &Path, manifest: &Manifest, relative: &str) -> Result<Vec<u8>, ProblemKind> {
    let file = manifest.files.iter().find(|file| file.path == relative);
    let expected = &file.ok_or(ProblemKind::Missing)?.sha256;
    // The bytes that are digested are those that are returned: a file read twice could be two files.
    let bytes = read_regular(&release_dir.join(relative))
        .map_err(|source| ProblemKind::Unreadable(source.to_string()))?;
    let found = sha256_hex(&bytes);
    if found == *expected {
        return Ok(bytes);
    }
    Err(ProblemKind::Sha256 {
        expected: expected.clone(),
        found,
    })
}

/// What a record tells otherwise than the manifest that it names.
fn contradictions(told: &Latest, manifest: &Manifest) -> Vec<String> {
    let mut tiles = 0_u64;
    let mut inventory_rows = 0;
    let mut layer_rows = 0;
    let mut has_inventory = false;
    for file in manifest
        .files
        .iter()
        .filter(|file| is_tile(Path::new(&file.path)))
    {
        tiles += 1;
        let rows = file.rows.unwrap_or_default();
        if is_of_inventory(Path::new(&file.path)) {
            has_inventory = true;
            inventory_rows += rows;
        } else {
            layer_rows += rows;
        }
    }
    // An inventory that no layer takes part in has no rows, and one that isn't wanted has no files: without files of it
    // a record that counts none may be right.
    let facilities = match has_inventory {
        true => inventory_rows,
        false if told.rows == 0 => 0,
        false => layer_rows,
    };
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let fields: [Field<'_>; 5] = [
        ("release", &told.release, &manifest.release),
        ("published", &told.published, &manifest.published),
        ("tiles", &told.tiles, &tiles),
        ("rows", &told.rows, &facilities),
        ("bytes", &told.bytes, &bytes),
    ];
    let mut wrong = differences(&fields, MANIFEST);
    // Of before there was one a record has none, and tells nothing wrong.
    if let Some(told) = &told.data_sha256 {
        wrong.extend(differences(
            &[("data_sha256", told, &manifest.data_sha256())],
            MANIFEST,
        ));
    }
    wrong
}

/// What messages call the record of a release.
const RECORD: &str = "the release's record";

/// A field's name, its value in the record at hand, and its value in the one that it is compared with.
type Field<'a> = (&'a str, &'a dyn fmt::Display, &'a dyn fmt::Display);

/// Fields that `other` has otherwise, as sentences.
fn differences(fields: &[Field<'_>], other: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, told, found) in fields {
        let told = told.to_string();
        let found = found.to_string();
        if told != found {
            wrong.push(format!("`{name}` is {told}, by {other} {found}"));
        }
    }
    wrong
}

/// Fields of `latest.json` that are not those of the release's record.
fn fields_differ(told: &Latest, record: &Latest) -> Vec<String> {
    let fields: [Field<'_>; 6] = [
        ("release", &told.release, &record.release),
        ("published", &told.published, &record.published),
        ("manifest_sha256", &told.manifest_sha256, &record.manifest_sha256),
        ("tiles", &told.tiles, &record.tiles),
        ("rows", &told.rows, &record.rows),
        ("bytes", &told.bytes, &record.bytes),
    ];
    let mut wrong = differences(&fields, RECORD);
    if let (Some(told), Some(found)) = (&told.data_sha256, &record.data_sha256) {
        wrong.extend(differences(&[("data_sha256", told, found)], RECORD));
    }
    wrong
}
