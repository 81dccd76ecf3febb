//! What is landed, and which of it goes: the landing's list and its retention rule.
//!
//! A copy that goes loses its record first, so that it counts as not landed; then whatever no record names
//! is swept, also what dead runs left and pages that a pull has made others of. A pull that was interrupted goes when a
//! later fetch has replaced it, or when it is too old. A prune that is cut short is ended by the next one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::StoreError;
use super::folder::folder_names;
use super::held::{HELD, held_in};
use super::landed::{PAGES, PULL_FOLDER, RECORD, landing_records};
use super::pull_record::{last_page_time, pages_of_pull};
use super::{Lock, Store, disk};
use crate::feature::FetchRecord;

/// What a layer's folder holds beside landed copies.
const OWN: [&str; 5] = [PAGES, HELD, PULL_FOLDER, "partial", "partial.json"];

/// One landed copy of a source.
#[derive(Debug, Clone, Serialize)]
pub struct LandedCopy {
    /// Folder in the landing: a layer's id, or a polygon set's after `jurisdiction-`.
    pub id: String,
    /// Name of what is opened, in that folder.
    pub name: PathBuf,
    /// The source as the pipeline gives it, or its URL without secrets.
    pub source: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Size as it came.
    pub bytes: u64,
    /// When it was landed first, RFC 3339 UTC.
    pub landed_at: String,
    /// Whether it is the copy that was fetched last.
    pub is_held: bool,
    /// How it was got; the last time, for the copy that is held.
    pub fetch: Option<FetchRecord>,
}

/// Which landed copies stay; one that any of these speaks for does.
#[derive(Debug, Clone, Copy)]
pub struct Retention<'a> {
    /// The newest so many of each source; the newest one stays in any case.
    pub keep: usize,
    /// Those landed at or after this time, RFC 3339 UTC.
    pub since: Option<&'a str>,
    /// Those with these digests: what releases were made from.
    pub needed: &'a BTreeSet<String>,
    /// Those landed up to this time, RFC 3339 UTC: a release of it can't tell what it was made from.
    pub until: Option<&'a str>,
    /// Whether all is only told.
    pub is_dry: bool,
}

impl Retention<'_> {
    /// Whether a copy stays, however many newer ones there are.
    fn speaks_for(&self, copy: &LandedCopy) -> bool {
        let landed_at = copy.landed_at.as_str();
        copy.is_held
            || self.since.is_some_and(|since| landed_at >= since)
            || self.until.is_some_and(|until| landed_at <= until)
            || self.needed.contains(&copy.sha256)
    }
}

impl Store {
    /// Every landed copy, by folder, the newest first.
    ///
    /// # Errors
    /// A folder can't be listed, or a record is of a later version.
    pub fn landings(&self) -> Result<Vec<LandedCopy>, StoreError> {
        let mut copies = Vec::new();
        for id in folder_names(&self.root.join("landing"))? {
            let folder = self.landing_dir(&id);
            if folder.is_dir() {
                copies.extend(copies_in(&folder, &id)?);
            }
        }
        Ok(copies)
    }

    /// Removes the copies that nothing speaks for, and returns them.
    ///
    /// # Errors
    /// As `landings`, or the store can't be written to.
    pub fn prune_landing(
        &self,
        _lock: &Lock,
        retention: &Retention<'_>,
    ) -> Result<Vec<LandedCopy>, StoreError> {
        let mut gone = Vec::new();
        for id in folder_names(&self.root.join("landing"))? {
            let folder = self.landing_dir(&id);
            if !folder.is_dir() {
                continue;
            }
            let doomed = doomed_copies(copies_in(&folder, &id)?, retention);
            let is_over = is_over(&folder, retention)?;
            if is_over {
                tracing::info!(id, is_dry = retention.is_dry, "an interrupted pull is given up");
            }
            if !retention.is_dry {
                if is_over {
                    disk::remove(&folder.join(PULL_FOLDER))?;
                }
                self.remove_copies(&id, &doomed)?;
            }
            gone.extend(doomed);
        }
        Ok(gone)
    }

    fn remove_copies(&self, id: &str, doomed: &[LandedCopy]) -> Result<(), StoreError> {
        let folder = self.landing_dir(id);
        for copy in doomed {
            disk::remove(&folder.join(format!("{}{RECORD}", copy.name.display())))?;
        }
        // The records must be gone on the disk before the bytes go: else a crash could leave a record of a copy
        // without them.
        disk::sync_folder(&folder)?;
        sweep_unnamed(&folder)
    }
}

fn doomed_copies(copies: Vec<LandedCopy>, retention: &Retention<'_>) -> Vec<LandedCopy> {
    let newest = retention.keep.max(1);
    copies
        .into_iter()
        .skip(newest)
        .filter(|copy| !retention.speaks_for(copy))
        .collect()
}

/// Whether an unfinished pull is not worth going on with: it has no page, something was fetched since, or it is too old.
fn is_over(folder: &Path, retention: &Retention<'_>) -> Result<bool, StoreError> {
    let Some(last) = last_page_time(&folder.join(PULL_FOLDER))? else {
        return Ok(false);
    };
    let held = held_in(folder);
    let is_replaced = held.is_some_and(|(_, fetch)| fetch.fetched_at > last);
    Ok(is_replaced || last.is_empty() || retention.since.is_some_and(|since| last.as_str() < since))
}

fn copies_in(folder: &Path, id: &str) -> Result<Vec<LandedCopy>, StoreError> {
    let held = held_in(folder);
    let mut copies = Vec::new();
    for (name, record) in landing_records(folder)? {
        let fetch = held
            .as_ref()
            .filter(|(held, _)| *held == name)
            .map(|(_, fetch)| fetch.clone());
        copies.push(LandedCopy {
            id: id.to_owned(),
            source: record.source,
            sha256: record.sha256,
            bytes: record.bytes,
            landed_at: record.landed_at,
            is_held: fetch.is_some(),
            fetch: fetch.or(record.fetch),
            name,
        });
    }
    // Times are to the second: of two in one, the copy that is held came later.
    copies.sort_by(|a, b| (&b.landed_at, b.is_held, &b.name).cmp(&(&a.landed_at, a.is_held, &a.name)));
    Ok(copies)
}

/// Removes what no record names, and pages that no unfinished pull names either.
fn sweep_unnamed(folder: &Path) -> Result<(), StoreError> {
    let mut named = BTreeSet::new();
    let mut pages = pages_of_pull(&folder.join(PULL_FOLDER))?;
    for (name, record) in landing_records(folder)? {
        named.insert(format!("{}{RECORD}", name.display()));
        named.extend(record.files.iter().filter_map(|file| first_part(&file.path)));
        pages.extend(record.files.into_iter().map(|file| file.path));
    }
    for name in folder_names(folder)? {
        if !named.contains(&name) && !OWN.contains(&name.as_str()) {
            disk::remove(&folder.join(name))?;
        }
    }
    // Pages are shared by the nights that had them, so one goes only when no copy and no unfinished pull names it.
    for name in folder_names(&folder.join(PAGES))? {
        let page = Path::new(PAGES).join(name);
        if !pages.contains(&page) {
            disk::remove(&folder.join(page))?;
        }
    }
    disk::sync_folder(folder)
}

fn first_part(path: &Path) -> Option<String> {
    path.components()
        .next()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{fault, fixture};
    use super::*;
    use crate::feature::PageRecord;

    fn day(day: u32) -> String {
        format!("2026-01-{day:02}T03:00:00Z")
    }

    fn rule<'a>(keep: usize, since: Option<&'a str>, needed: &'a BTreeSet<String>) -> Retention<'a> {
        Retention {
            keep,
            since,
            needed,
            until: None,
            is_dry: false,
        }
    }

    /// Four nights of a file, four of a pull whose nights share a page.
    fn filled(store: &Store, folder: &Path) {
        for night in 1..5 {
            let path = folder.join("dams.csv");
            fs::write(&path, format!("night {night}")).unwrap();
            store.land("dams", &path, "dams.csv", &day(night)).unwrap();
            let pull = store.pull("levees", &day(night)).unwrap();
            for (name, bytes) in [("info", "same".to_owned()), ("a", format!("page {night}"))] {
                pull.put(name, bytes.as_bytes(), &PageRecord::default()).unwrap();
            }
            let fetch = FetchRecord {
                fetched_at: day(night),
                ..FetchRecord::default()
            };
            pull.accept(&["a"], "info", fetch).unwrap();
        }
    }

    fn nights(store: &Store, id: &str) -> Vec<String> {
        let copies = store.landings().unwrap();
        copies
            .into_iter()
            .filter(|copy| copy.id == id)
            .map(|copy| copy.landed_at)
            .collect()
    }

    #[test]
    fn copies_are_listed_newest_first_with_the_held_one() {
        let (folder, store) = fixture::store();
        assert!(store.landings().unwrap().is_empty());
        filled(&store, folder.path());
        fs::write(folder.path().join("dams.csv"), "night 2").unwrap();
        store
            .land("dams", &folder.path().join("dams.csv"), "dams.csv", &day(5))
            .unwrap();
        let copies = store.landings().unwrap();
        assert_eq!(copies.len(), 8);
        assert_eq!(nights(&store, "dams"), [day(4), day(3), day(2), day(1)]);
        let held: Vec<_> = copies.iter().filter(|copy| copy.is_held).collect();
        assert_eq!(held.len(), 2);
        assert_eq!(
            (held[0].landed_at.as_str(), held[1].landed_at.as_str()),
            (&*day(2), &*day(4))
        );
        assert_eq!(held[0].fetch.as_ref().unwrap().fetched_at, day(5));
    }

    #[test]
    fn what_is_new_held_or_needed_stays() {
        let (folder, store) = fixture::store();
        filled(&store, folder.path());
        let lock = store.lock().unwrap();
        let first = store
            .landings()
            .unwrap()
            .into_iter()
            .find(|copy| copy.landed_at == day(1))
            .unwrap();
        let needed = BTreeSet::from([first.sha256.clone()]);
        let dry = Retention {
            is_dry: true,
            ..rule(1, None, &needed)
        };
        assert_eq!(store.prune_landing(&lock, &dry).unwrap().len(), 5);
        assert_eq!(store.landings().unwrap().len(), 8);

        assert_eq!(
            store
                .prune_landing(&lock, &rule(0, Some(&day(3)), &needed))
                .unwrap()
                .len(),
            3
        );
        assert_eq!(nights(&store, "dams"), [day(4), day(3), day(1)]);
        assert_eq!(nights(&store, "levees"), [day(4), day(3)]);
        assert_eq!(
            store
                .prune_landing(&lock, &rule(0, None, &BTreeSet::new()))
                .unwrap()
                .len(),
            3
        );
        assert_eq!(nights(&store, "dams"), [day(4)]);
        assert_eq!(
            fixture::names(&store.root().join("landing/levees/pages")).len(),
            2
        );
        assert_eq!(
            fixture::names(&store.root().join("landing/dams")).len(),
            3,
            "copy, record, held.json"
        );
        assert!(store.held_copy("dams").unwrap().is_some() && store.held_copy("levees").unwrap().is_some());
    }

    #[test]
    fn an_unfinished_pull_keeps_its_pages() {
        let (folder, store) = fixture::store();
        filled(&store, folder.path());
        let pull = store.pull("levees", "next").unwrap();
        let record = PageRecord {
            fetched_at: day(5),
            ..PageRecord::default()
        };
        pull.put("a", b"page 1", &record).unwrap();
        pull.put("b", b"page 9", &record).unwrap();
        let lock = store.lock().unwrap();
        store
            .prune_landing(&lock, &rule(1, None, &BTreeSet::new()))
            .unwrap();
        assert!(["a", "b"].iter().all(|name| pull.get(name).unwrap().is_some()));
        assert_eq!(
            fixture::names(&store.root().join("landing/levees/pages")).len(),
            4
        );
    }

    /// Pages of the raw kind and those made of them, of one pull that was accepted and of others that never were.
    #[test]
    fn pages_of_pulls_that_are_over_go() {
        let (_folder, store) = fixture::store();
        let put = |id: &str, key: &str, name: &str, night: u32| {
            let record = PageRecord {
                fetched_at: day(night),
                ..PageRecord::default()
            };
            store
                .pull(id, key)
                .unwrap()
                .put(name, format!("{id} {key} {name}").as_bytes(), &record)
                .unwrap();
        };
        let pages = |id: &str| fixture::names(&store.root().join("landing").join(id).join(PAGES)).len();
        let prune = |since: Option<&str>| {
            store
                .prune_landing(&store.lock().unwrap(), &rule(1, since, &BTreeSet::new()))
                .unwrap();
        };
        // A key that is given up, a pull that is accepted without its raw page, and one that was interrupted later.
        put("levees", "old", "a", 1);
        for name in ["info", "raw", "cut"] {
            put("levees", "k", name, 2);
        }
        let fetch = FetchRecord {
            fetched_at: day(2),
            ..FetchRecord::default()
        };
        store
            .pull("levees", "k")
            .unwrap()
            .accept(&["cut"], "info", fetch)
            .unwrap();
        put("levees", "next", "a", 3);
        // Another layer has never come whole.
        put("dams", "gone", "a", 1);
        put("dams", "k", "a", 2);
        assert_eq!((pages("levees"), pages("dams")), (5, 2));
        prune(None);
        assert_eq!(
            (pages("levees"), pages("dams")),
            (3, 1),
            "what can be gone on with stays"
        );
        prune(Some(&day(3)));
        assert_eq!((pages("levees"), pages("dams")), (3, 0), "too old");
        assert!(!store.root().join("landing/dams/pull").exists());
        // The night that follows is fetched another way: what was interrupted has no use any more.
        let mut download = store.download("levees", "k").unwrap();
        download.append(b"abc").unwrap();
        let fetch = FetchRecord {
            fetched_at: day(4),
            ..FetchRecord::default()
        };
        download.accept("csv", fetch).unwrap();
        prune(None);
        assert_eq!(pages("levees"), 0);
        assert!(store.held_copy("levees").unwrap().is_some());
    }

    /// What stays is whole after every step, and the next prune ends what was begun.
    #[test]
    fn a_prune_cut_short_at_any_step_is_ended_by_the_next() {
        for step in 0.. {
            let (folder, store) = fixture::store();
            filled(&store, folder.path());
            let needed = BTreeSet::new();
            let prune = || store.prune_landing(&store.lock()?, &rule(1, None, &needed));
            let (_, is_cut) = fault::after(step, prune);
            assert!(
                store.held_copy("dams").unwrap().is_some() && store.held_copy("levees").unwrap().is_some()
            );
            prune().unwrap();
            assert_eq!(
                (nights(&store, "dams"), nights(&store, "levees")),
                (vec![day(4)], vec![day(4)])
            );
            assert_eq!(
                fixture::names(&store.root().join("landing/dams")).len(),
                3,
                "step {step}"
            );
            assert_eq!(
                fixture::names(&store.root().join("landing/levees/pages")).len(),
                2,
                "step {step}"
            );
            if !is_cut {
                assert!(step > 10, "{step} steps");
                break;
            }
        }
    }
}
