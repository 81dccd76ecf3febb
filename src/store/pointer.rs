//! Which release is the latest: `latest.json`, the link beside it, since when, and who has frozen it.
//!
//! `latest.json` is the truth. `latest` is a link for looking and for single files, swapped after it; `pointed.json` tells
//! since when which release was the latest, and `frozen.json` that it is to stay so.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::layout::{FROZEN, POINTED, RELEASES};
use super::{Latest, Lock, Store, StoreError, disk, link, record};
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::LATEST;
use crate::feature::{Frozen, error_chain};

/// The link to the latest release.
const LINK: &str = "latest";

/// `pointed.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pointed {
    version: u32,
    /// The oldest first.
    turns: Vec<Turn>,
}

/// A release that became the latest.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Turn {
    release: ReleaseId,
    /// RFC 3339 UTC.
    since: String,
}

impl Pointed {
    /// When a release ceased to be the latest; none where it is, or never was as far as is known.
    pub(super) fn ceased(&self, release: &ReleaseId) -> Option<&str> {
        let last = self.turns.iter().rposition(|turn| turn.release == *release)?;
        self.turns.get(last + 1).map(|turn| turn.since.as_str())
    }
}

/// `frozen.json`.
#[derive(Debug, Serialize, Deserialize)]
struct FrozenRecord {
    version: u32,
    #[serde(flatten)]
    frozen: Frozen,
}

impl Store {
    /// The step that publishes: everything before it is invisible to a reader of `latest.json`.
    pub(super) fn point_to(&self, latest: &Latest) -> Result<(), StoreError> {
        self.publish_file(&self.latest_path(), &record::to_json(latest))
    }

    /// Has the link `latest` lead to the release that `latest.json` names, where it doesn't.
    ///
    /// # Errors
    /// The file system has no links, or the store can't be written to.
    pub(super) fn link_latest(&self, release: &ReleaseId) -> Result<(), StoreError> {
        let target = Path::new(RELEASES).join(release.as_str());
        link::put_link(&self.work(), &self.public().join(LINK), &target)
    }

    /// Has the link lead where `latest.json` does, whatever has become of it.
    pub(super) fn mend_link(&self) {
        if let Ok(Some(latest)) = self.latest()
            && let Err(error) = self.link_latest(&latest.release)
        {
            warn_of_link(&error);
        }
    }

    /// Has a release that is here already be the latest again, as another store has gone back to it. `now` is RFC 3339 UTC.
    ///
    /// # Errors
    /// It isn't here as `latest` tells it, or the store can't be written to.
    pub fn point_again(&self, _lock: &Lock, latest: &Latest, now: &str) -> Result<(), StoreError> {
        let (_, problems) = self.judge_manifest(&latest.release)?;
        let recorded: Option<Latest> = record::read(&self.record_path(&latest.release))?;
        if !problems.is_empty() {
            return Err(StoreError::Damaged {
                release: latest.release.clone(),
                problems,
            });
        }
        if recorded.as_ref() != Some(latest) {
            return Err(StoreError::ReleaseExists {
                release: latest.release.clone(),
            });
        }
        // Somebody here has decided otherwise.
        if self.frozen().is_some() {
            return Ok(());
        }
        self.point_to(latest)?;
        self.note_pointed(&latest.release, now)?;
        self.link_latest(&latest.release)
    }

    /// Notes since when a release is the latest.
    pub(super) fn note_pointed(&self, release: &ReleaseId, now: &str) -> Result<(), StoreError> {
        let mut pointed = self.pointed();
        if pointed.turns.last().is_none_or(|turn| turn.release != *release) {
            pointed.turns.push(Turn {
                release: release.clone(),
                since: now.to_owned(),
            });
        }
        // Of a release that is gone nobody asks; but when the one before it ceased, its turn tells.
        let folders = self.release_folders()?;
        let ends_of_kept = |at: usize| at > 0 && folders.contains(&pointed.turns[at - 1].release);
        let turns = pointed.turns.iter().enumerate();
        let needed = turns.filter(|(at, turn)| folders.contains(&turn.release) || ends_of_kept(*at));
        let pointed = Pointed {
            version: record::VERSION,
            turns: needed.map(|(_, turn)| turn.clone()).collect(),
        };
        disk::put_file(
            &self.work(),
            &self.root().join(POINTED),
            &record::to_json(&pointed),
        )
    }

    /// Since when which release was the latest; nothing where that is damaged.
    pub(super) fn pointed(&self) -> Pointed {
        record::read_sound(&self.root().join(POINTED)).unwrap_or_default()
    }

    /// Who has frozen the latest release; none where it follows the nights.
    pub fn frozen(&self) -> Option<Frozen> {
        match record::read::<FrozenRecord>(&self.root().join(FROZEN)) {
            Ok(found) => found.map(|record| record.frozen),
            // Damage must not undo what somebody has decided: it stays so until somebody decides otherwise.
            Err(error) => Some(Frozen {
                release: self.latest().ok().flatten()?.release,
                by: "somebody".to_owned(),
                at: "an unknown time".to_owned(),
                reason: error_chain(&error),
            }),
        }
    }

    /// Has the latest release stay the latest, whatever nights make.
    ///
    /// # Errors
    /// The store can't be written to.
    pub(super) fn freeze(&self, frozen: &Frozen) -> Result<(), StoreError> {
        let record = FrozenRecord {
            version: record::VERSION,
            frozen: frozen.clone(),
        };
        disk::put_file(&self.work(), &self.root().join(FROZEN), &record::to_json(&record))
    }

    /// Ends a freeze: the newest release that is sound becomes the latest, and nights do so again. `now` is RFC 3339 UTC.
    ///
    /// # Errors
    /// There is no release, none is sound, or the store can't be written to.
    pub fn follow(&self, lock: &Lock, now: &str) -> Result<Latest, StoreError> {
        let newest = self.releases()?.into_iter().next();
        let Some(newest) = newest else {
            return Err(StoreError::Empty {
                store: self.root().to_owned(),
            });
        };
        let latest = self.refuse_unsound(&newest.id)?;
        self.set_latest(lock, &latest, now)?;
        // Last: a death before leaves the newest release latest and frozen, which the next call ends.
        disk::remove(&self.root().join(FROZEN))?;
        Ok(latest)
    }

    /// Makes a release the latest, in one step, and notes since when.
    pub(super) fn set_latest(&self, _lock: &Lock, latest: &Latest, now: &str) -> Result<(), StoreError> {
        self.point_to(latest)?;
        self.note_pointed(&latest.release, now)?;
        if let Err(error) = self.link_latest(&latest.release) {
            warn_of_link(&error);
        }
        Ok(())
    }

    /// The record of a release of which every file is as it was published.
    pub(super) fn refuse_unsound(&self, release: &ReleaseId) -> Result<Latest, StoreError> {
        let (latest, mut problems) = self.judge_manifest(release)?;
        if problems.is_empty() {
            problems = self.check_release(release)?;
        }
        if problems.is_empty() {
            return Ok(latest);
        }
        Err(StoreError::NoWayBack {
            release: release.clone(),
            store: self.root().to_owned(),
            problems,
        })
    }

    pub(super) fn latest_path(&self) -> PathBuf {
        self.public().join(LATEST)
    }
}

/// Says that there is no link, which nothing but convenience depends on.
pub(super) fn warn_of_link(error: &StoreError) {
    tracing::warn!(
        reason = error_chain(error),
        "the link `latest` can't be made here: read latest.json instead"
    );
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture;
    use super::*;

    /// What is done to a link, and in a word.
    type Damage = (&'static str, fn(&Path));

    #[test]
    fn the_link_is_made_and_mended() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        let link = store.public().join(LINK);
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("releases/r1"));
        let damages: [Damage; 4] = [
            ("removed", |link| fs::remove_file(link).unwrap()),
            ("leads elsewhere", |link| {
                fs::remove_file(link).unwrap();
                std::os::unix::fs::symlink("releases/none", link).unwrap();
            }),
            ("a file", |link| {
                fs::remove_file(link).unwrap();
                fs::write(link, "x").unwrap();
            }),
            ("a folder", |link| {
                fs::remove_file(link).unwrap();
                fs::create_dir(link).unwrap();
                fs::write(link.join("x"), "x").unwrap();
            }),
        ];
        for (damage, does) in damages {
            does(&link);
            let lock = store.lock().unwrap();
            drop(store.begin_release(&lock, &fixture::id("r2")).unwrap());
            assert_eq!(
                fs::read_link(&link).unwrap(),
                Path::new("releases/r1"),
                "{damage}"
            );
        }
    }

    #[test]
    fn when_a_release_ceased_to_be_the_latest_is_noted_and_not_for_ever() {
        let (_folder, store) = fixture::store();
        for day in 1..=4 {
            fixture::release(&store, &format!("r{day}"), day, 1).unwrap();
        }
        let pointed = store.pointed();
        assert_eq!(pointed.ceased(&fixture::id("r3")), Some("2026-01-04T03:00:00Z"));
        assert_eq!(pointed.ceased(&fixture::id("r4")), None);
        assert!(pointed.turns.len() <= 3, "{pointed:?}");
        fs::write(store.root().join(POINTED), "{").unwrap();
        fixture::release(&store, "r5", 9, 1).unwrap();
        assert_eq!(store.pointed().turns.len(), 1);
    }
}
