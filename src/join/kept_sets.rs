//! Sets that an earlier command has indexed: read back while the file's bytes and what is asked of it are the same.
//!
//! Whatever is wrong with what was kept, the set is read from its file as if nothing were: it may cost time, and never the answer.

use std::io;

use serde::{Deserialize, Serialize};
use tracing::{debug, info, warn};

use super::asked::{Detail, GeometryAsked, SetAsked};
use crate::feature::digest::sha256_hex;
use crate::feature::{Crs, KeptFiles, NewKeptFile, error_chain};
use crate::kernel::jurisdiction::{
    Boundary, JurisdictionIndex, StoredIndexError, read_boundaries, write_boundaries,
};
use crate::source;
use crate::store::{KeptFolder, digest_of_source};

/// To be raised when the same bytes are read or indexed in another way than before within one version.
const GENERATION: u32 = 1;
/// Digits of a digest that tell one question from another in the name of a file.
const DIGITS: usize = 16;

/// What is told of a set beside its polygons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SetNote {
    pub(super) code_field: String,
    pub(super) name_field: Option<String>,
    pub(super) unusable: usize,
    pub(super) first_unusable: Vec<String>,
    pub(super) has_numbers: bool,
}

/// A set read back.
pub(super) struct KnownSet {
    pub(super) note: SetNote,
    /// None of them where only points are located.
    pub(super) boundaries: Vec<Boundary>,
    pub(super) index: JurisdictionIndex,
}

/// Where a set is kept, and what a file there has to be of.
pub(super) struct KeptPlace<'a> {
    folder: &'a KeptFolder,
    id: &'a str,
    name: String,
    /// Digest of the set's file.
    sha256: String,
    key: String,
}

/// What is asked of a set's file, all that a kept set follows from but its bytes.
#[derive(Serialize)]
struct Question<'a> {
    shown: String,
    layer: Option<&'a str>,
    /// Columns of the geometry.
    geometry: Vec<&'a str>,
    crs: Option<&'a Crs>,
    code: Option<&'a str>,
    name: Option<&'a str>,
    has_boundaries: bool,
}

/// The same with the bytes and the program that reads them.
#[derive(Serialize)]
struct Basis<'a> {
    generation: u32,
    version: &'static str,
    /// GDAL may be replaced without this program.
    libraries: String,
    sha256: &'a str,
    question: &'a Question<'a>,
}

impl<'a> KeptPlace<'a> {
    /// None where the file can't be digested: reading it tells why, where that is any harm.
    pub(super) fn of(folder: &'a KeptFolder, asked: &'a SetAsked, detail: Detail) -> Option<Self> {
        let digest = digest_of_source(&asked.file.path);
        let sha256 = digest
            .inspect_err(|error| debug!(set = asked.id, reason = error_chain(error), "a set is not kept"))
            .ok()?;
        let question = Question::of(asked, detail);
        let basis = Basis {
            generation: GENERATION,
            version: env!("CARGO_PKG_VERSION"),
            libraries: source::library_versions(),
            sha256: &sha256,
            question: &question,
        };
        let mut name = digest_of(&question);
        name.truncate(DIGITS);
        Some(Self {
            folder,
            id: &asked.id,
            name,
            key: digest_of(&basis),
            sha256,
        })
    }

    pub(super) fn recall(&self) -> Option<KnownSet> {
        let file = match self.folder.open(&self.name) {
            Ok(file) => file?,
            Err(error) => {
                warn!(
                    set = self.id,
                    reason = error_chain(&error),
                    "a kept polygon set can't be opened: it is made again"
                );
                return None;
            }
        };
        let known = read_known(file, &self.key);
        match known {
            Ok(known) => {
                info!(
                    set = self.id,
                    polygons = known.index.len(),
                    "polygon set read back"
                );
                Some(known)
            }
            Err(error) if error.is_outdated() => {
                debug!(
                    set = self.id,
                    reason = error_chain(&error),
                    "a kept polygon set is no longer the one that is wanted: it is made again"
                );
                None
            }
            Err(error) => {
                warn!(
                    set = self.id,
                    reason = error_chain(&error),
                    "a kept polygon set is damaged: it is made again"
                );
                None
            }
        }
    }

    /// Begins a file with all but the index; none, and a warning, where that fails.
    pub(super) fn begin(&self, note: &SetNote, boundaries: &[Boundary]) -> Option<NewSet<'_>> {
        let note = serde_json::to_vec(note).expect("texts and numbers serialize");
        let begun = self.folder.begin(&self.name).and_then(|mut file| {
            write_boundaries(&mut file, &self.key, &note, boundaries)?;
            Ok(file)
        });
        begun
            .inspect_err(|error| warn_unkept(self.id, error))
            .ok()
            .map(|file| NewSet { file, place: self })
    }
}

impl<'a> Question<'a> {
    fn of(asked: &'a SetAsked, detail: Detail) -> Self {
        let geometry = match &asked.file.geometry {
            None => vec![],
            Some(GeometryAsked::Xy { x, y }) => vec![x.as_str(), y.as_str()],
            Some(GeometryAsked::Column(column)) => vec![column.as_str()],
        };
        Self {
            shown: asked.file.shown(),
            layer: asked.file.layer.as_deref(),
            geometry,
            crs: asked.file.crs.as_ref(),
            code: asked.code.as_deref(),
            name: asked.name.as_deref(),
            has_boundaries: matches!(detail, Detail::Shares),
        }
    }
}

fn digest_of(value: &impl Serialize) -> String {
    sha256_hex(serde_json::to_vec(value).expect("texts serialize"))
}

/// What a file holds that was kept under this key.
fn read_known(mut file: impl io::Read, key: &str) -> Result<KnownSet, StoredIndexError> {
    let stored = read_boundaries(&mut file, key)?;
    let note = serde_json::from_slice(&stored.note).ok();
    Ok(KnownSet {
        note: note.ok_or(StoredIndexError::Damaged {
            what: "what is told of the set is no JSON",
        })?,
        boundaries: stored.boundaries,
        index: JurisdictionIndex::read_from(&mut file)?,
    })
}

/// A file that lacks its index.
pub(super) struct NewSet<'a> {
    file: Box<dyn NewKeptFile>,
    place: &'a KeptPlace<'a>,
}

impl NewSet<'_> {
    /// Ends the file, unless the set's own has changed since it was digested.
    pub(super) fn finish(mut self, index: &JurisdictionIndex, asked: &SetAsked) {
        // What was read may be of neither digest, and would be taken for the first whenever a file has that again.
        let is_same = digest_of_source(&asked.file.path).is_ok_and(|digest| digest == self.place.sha256);
        if !is_same {
            warn!(
                set = self.place.id,
                "the file of a polygon set has changed while it was read: the set is not kept"
            );
            return;
        }
        let written = index.write_to(&mut self.file).and_then(|()| self.file.commit());
        match written {
            Ok(()) => debug!(set = self.place.id, "polygon set kept"),
            Err(error) => warn_unkept(self.place.id, &error),
        }
    }
}

fn warn_unkept(id: &str, error: &io::Error) {
    warn!(
        set = id,
        reason = error_chain(error),
        "a polygon set can't be kept for the next command"
    );
}
