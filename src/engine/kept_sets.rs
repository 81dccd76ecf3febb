//! Polygon sets that an earlier run has read and indexed: read back while bytes, plan and program are the same.
//!
//! A file holds what was read of a set (`polygon_set`), then its index. It is begun when the set has been read and ends with the
//! index, so that no set is in memory twice. Whatever is wrong with it, the set is made again as if there were none: it may
//! cost a night its time, and never its answer.

use std::io::{self, Read};

use serde::Serialize;
use tracing::{debug, warn};

use super::EngineError;
use super::polygon_set::{PolygonSet, read_set};
use crate::feature::digest::sha256_hex;
use crate::feature::{Crs, KeptFiles, Landed, NewKeptFile, error_chain};
use crate::kernel::jurisdiction::{
    Boundary, JurisdictionIndex, StoredIndexError, read_boundaries, write_boundaries,
};
use crate::plan::{Format, JurisdictionKind, JurisdictionPlan, Plan, State};
use crate::source::{self, Readers};

/// To be raised when the same bytes are read or indexed in another way than before within one version.
const GENERATION: u32 = 1;

/// Where polygon sets are kept ready from one run to the next.
#[derive(Debug, Clone, Copy)]
pub enum KeptSets<'a> {
    /// Nowhere: each is read and indexed.
    Nowhere,
    /// Each is read and indexed, and kept for the runs that follow.
    MadeAgain(&'a dyn KeptFiles),
    /// Each is read back where it is the same, and else made and kept.
    ReadBack(&'a dyn KeptFiles),
}

/// A polygon set, and the way to its index.
pub(super) struct SetAtHand<'a> {
    pub(super) polygons: PolygonSet,
    pub(super) index: IndexToCome<'a>,
}

/// Reads a set back, or else reads its source.
///
/// # Errors
/// Those of reading its source: a set with any is never kept.
pub(super) fn set_at_hand<'a>(
    set: &'a JurisdictionPlan,
    landed: &Landed,
    plan: &Plan,
    readers: &Readers,
    kept: KeptSets<'a>,
) -> Result<SetAtHand<'a>, EngineError> {
    if let Some(known) = recall_set(set, landed, plan, kept) {
        return Ok(known);
    }
    let place = Place::of(set, landed, plan, kept);
    let polygons = read_set(set, landed, plan, readers)?;
    let file = place.and_then(|place| {
        let note = serde_json::to_vec(&polygons).expect("texts and finite numbers serialize");
        place.begin(&note, &polygons.boundaries)
    });
    Ok(SetAtHand {
        polygons,
        index: IndexToCome::Made { file },
    })
}

/// A set that was kept; none where it has to be read.
pub(super) fn recall_set<'a>(
    set: &'a JurisdictionPlan,
    landed: &Landed,
    plan: &Plan,
    kept: KeptSets<'a>,
) -> Option<SetAtHand<'a>> {
    match kept {
        KeptSets::ReadBack(_) => Place::of(set, landed, plan, kept)?.recall(),
        KeptSets::Nowhere | KeptSets::MadeAgain(_) => None,
    }
}

/// An index that is still to be read back or made.
pub(super) enum IndexToCome<'a> {
    /// It follows in the file.
    Kept {
        place: Place<'a>,
        rest: Box<dyn Read + Send>,
        note: Vec<u8>,
    },
    /// It is made of the boundaries, and goes into the file where one was begun.
    Made { file: Option<NewFile<'a>> },
}

impl IndexToCome<'_> {
    /// The index of these boundaries, and whether it was read back.
    /// One that can't be read back is made of the boundaries and kept anew.
    pub(super) fn index_of(self, boundaries: Vec<Boundary>) -> (JurisdictionIndex, bool) {
        let file = match self {
            Self::Made { file } => file,
            Self::Kept {
                place,
                mut rest,
                note,
            } => match JurisdictionIndex::read_from(&mut rest) {
                Ok(index) => return (index, true),
                Err(error) => {
                    place.tell_of(&error);
                    place.begin(&note, &boundaries)
                }
            },
        };
        let index = JurisdictionIndex::build(boundaries);
        if let Some(file) = file {
            file.finish(&index);
        }
        (index, false)
    }
}

/// Where a set is kept, and what a file there has to be of.
#[derive(Clone)]
pub(super) struct Place<'a> {
    files: &'a dyn KeptFiles,
    set: &'a str,
    key: String,
}

impl<'a> Place<'a> {
    /// None where sets aren't kept, or the bytes of this one have no digest that would tell them from others.
    fn of(set: &'a JurisdictionPlan, landed: &Landed, plan: &Plan, kept: KeptSets<'a>) -> Option<Self> {
        let files = match kept {
            KeptSets::Nowhere => return None,
            KeptSets::MadeAgain(files) | KeptSets::ReadBack(files) => files,
        };
        (!landed.sha256.is_empty()).then(|| Self {
            files,
            set: &set.id,
            key: key_of(set, landed, plan),
        })
    }

    fn recall(&self) -> Option<SetAtHand<'a>> {
        let mut file = match self.files.open(self.set) {
            Ok(file) => file?,
            Err(error) => {
                warn!(
                    set = self.set,
                    reason = error_chain(&error),
                    "a kept polygon set can't be opened: it is made again"
                );
                return None;
            }
        };
        let found = read_boundaries(&mut file, &self.key);
        let stored = found.inspect_err(|error| self.tell_of(error)).ok()?;
        let known: PolygonSet = serde_json::from_slice(&stored.note)
            .inspect_err(|error| self.tell_of(error))
            .ok()?;
        Some(SetAtHand {
            polygons: PolygonSet {
                boundaries: stored.boundaries,
                ..known
            },
            index: IndexToCome::Kept {
                place: self.clone(),
                rest: file,
                note: stored.note,
            },
        })
    }

    /// Says why a file is of no use: with a warning where it isn't merely of other bytes.
    fn tell_of(&self, error: &(dyn std::error::Error + 'static)) {
        let is_outdated = error
            .downcast_ref::<StoredIndexError>()
            .is_some_and(StoredIndexError::is_outdated);
        let reason = error_chain(error);
        if is_outdated {
            debug!(
                set = self.set,
                reason, "a kept polygon set is no longer the one that is wanted: it is made again"
            );
        } else {
            warn!(
                set = self.set,
                reason, "a kept polygon set is damaged: it is made again"
            );
        }
    }

    /// Begins a file with all but the index; none, and a warning, where that fails: the night goes on without it.
    fn begin(self, note: &[u8], boundaries: &[Boundary]) -> Option<NewFile<'a>> {
        let begun = self.files.begin(self.set).and_then(|mut file| {
            write_boundaries(&mut file, &self.key, note, boundaries)?;
            Ok(file)
        });
        begun
            .inspect_err(|error| warn_unkept(self.set, error))
            .ok()
            .map(|file| NewFile { file, set: self.set })
    }
}

/// A file that lacks its index.
pub(super) struct NewFile<'a> {
    file: Box<dyn NewKeptFile>,
    set: &'a str,
}

impl NewFile<'_> {
    fn finish(mut self, index: &JurisdictionIndex) {
        let written = index.write_to(&mut self.file).and_then(|()| self.file.commit());
        if let Err(error) = written {
            warn_unkept(self.set, &error);
        }
    }
}

fn warn_unkept(set: &str, error: &io::Error) {
    warn!(
        set,
        reason = error_chain(error),
        "a polygon set can't be kept for the next run"
    );
}

/// What a kept set follows from, beside its kind's own row and the program's code.
#[derive(Serialize)]
struct Basis<'a> {
    generation: u32,
    version: &'static str,
    /// GDAL may be replaced without this program.
    libraries: String,
    sha256: &'a str,
    shown: &'a str,
    format: &'a Format,
    crs: Option<&'a Crs>,
    code: &'a str,
    name: Option<&'a str>,
    parent: Option<&'a str>,
    kind: &'a JurisdictionKind,
    /// Bytes of a record and of an archive, beyond which a source can't be read.
    limits: (usize, u64),
    /// Codes are restored by them.
    states: &'a [State],
}

fn key_of(set: &JurisdictionPlan, landed: &Landed, plan: &Plan) -> String {
    let basis = Basis {
        generation: GENERATION,
        version: env!("CARGO_PKG_VERSION"),
        libraries: source::library_versions(),
        sha256: &landed.sha256,
        shown: &set.source.shown,
        format: &set.source.format,
        crs: set.source.crs.as_ref(),
        code: &set.code,
        name: set.name.as_deref(),
        parent: set.parent.as_deref(),
        kind: &set.kind,
        limits: (plan.limits.record_bytes, plan.limits.archive_bytes),
        states: &plan.reference.states,
    };
    let json = serde_json::to_vec(&basis).expect("a plan has text keys only, so it serializes");
    sha256_hex(&json)
}
