//! A pull in many pages: each lands whole by itself, so that an interrupted pull goes on where it ended.
//!
//! `landing/<layer>/pages/<sha256>.zst` holds a page under the digest of its bytes before compression;
//! `pull/<name>.json` says which page has come under which name, and is written after the page. An
//! accepted pull is the list `<sha256>.esri.json`: the layer's info and the pages in order. The list says
//! what came and not how, so that the same pages give the same list whatever happened on the way.

use std::path::{Path, PathBuf};

use super::error::{IoResultExt, StoreError};
use super::landed::{LandedFile, PAGES, PULL_FOLDER};
use super::landing_error::LandingError;
use super::pull_record::{LandedPage, PageEntry, PageList, PullKey, read_page};
use super::{Store, check_name, disk, record};
use crate::feature::digest::sha256_hex;
use crate::feature::{FetchRecord, Landed, PageRecord};

/// The name says what opens the list.
const EXTENSION: &str = "esri.json";
/// Fast, and within a few percent of the slower ones on JSON.
const ZSTD_LEVEL: i32 = 3;

/// A pull that is not accepted yet. Pages may be put from several threads at once.
///
/// Dropped without `accept` it stays, and opening it with the same key finds its pages again.
#[derive(Debug)]
pub struct Pull<'a> {
    store: &'a Store,
    id: String,
    folder: PathBuf,
}

impl Store {
    /// Opens the unfinished pull of a layer, or begins one; one with another key is given up and begins empty.
    ///
    /// The key stands for all that makes pages belong together: the plan, and the state of the service.
    ///
    /// ```
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = cikr::store::Store::open(folder.path()).unwrap();
    /// let facts = Default::default();
    /// store.pull("dams", "key").unwrap().put("page-0", b"{}", &facts).unwrap();
    /// let again = store.pull("dams", "key").unwrap();
    /// assert_eq!(again.get("page-0").unwrap().as_deref(), Some(&b"{}"[..]));
    /// assert_eq!(again.get("page-1").unwrap(), None);
    /// ```
    ///
    /// # Errors
    /// The id is no plain name, or the store can't be read or written to.
    pub fn pull(&self, id: &str, key: &str) -> Result<Pull<'_>, StoreError> {
        check_name("layer", id)?;
        // Its digest is kept: a URL in it may hold what must not be written down.
        let key = sha256_hex(key);
        let folder = self.landing_dir(id).join(PULL_FOLDER);
        let path = folder.join(".key.json");
        // A key that can't be read is that of another pull.
        let known: Option<PullKey> = record::read(&path).ok().flatten();
        if known.is_none_or(|known| known.key != key) {
            disk::remove(&folder)?;
            disk::create_folder(&folder)?;
            disk::create_folder(&self.landing_dir(id).join(PAGES))?;
            disk::sync_folder_of(&folder)?;
            disk::sync_folder_of(&self.landing_dir(id))?;
            let key = PullKey {
                version: record::VERSION,
                key,
            };
            disk::put_file(&self.work(), &path, &record::to_json(&key))?;
        }
        Ok(Pull {
            store: self,
            id: id.to_owned(),
            folder,
        })
    }
}

impl Pull<'_> {
    /// A page's bytes as they came; none where it has not come, or is damaged.
    ///
    /// # Errors
    /// The name is no plain one, or a file is there and can't be read.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(entry) = self.read_entry(name)? else {
            return Ok(None);
        };
        Ok(read_page(
            &self.layer_folder().join(&entry.page.path),
            &entry.page,
        ))
    }

    /// What is known of a page; none where it has not come. Its bytes are not looked at.
    ///
    /// # Errors
    /// As `get`.
    pub fn record(&self, name: &str) -> Result<Option<PageRecord>, StoreError> {
        Ok(self.read_entry(name)?.map(|entry| entry.record))
    }

    /// Lands a page, whole or not at all, over an earlier one of that name.
    ///
    /// # Errors
    /// The name is no plain one, or the store can't be written to.
    pub fn put(&self, name: &str, bytes: &[u8], page_record: &PageRecord) -> Result<(), StoreError> {
        check_name("page", name)?;
        let sha256 = sha256_hex(bytes);
        let path = Path::new(PAGES).join(format!("{sha256}.zst"));
        let page = LandedPage {
            path,
            rows: page_record.rows,
            bytes: bytes.len() as u64,
            sha256,
        };
        let place = self.layer_folder().join(&page.path);
        // A page that has not changed since an earlier pull is there already, under its digest.
        if read_page(&place, &page).is_none() {
            let packed = zstd::bulk::compress(bytes, ZSTD_LEVEL).while_writing(&place)?;
            disk::put_file(&self.store.work(), &place, &packed)?;
        }
        let entry = PageEntry {
            version: record::VERSION,
            page,
            record: page_record.clone(),
        };
        disk::put_file(
            &self.store.work(),
            &self.entry_path(name),
            &record::to_json(&entry),
        )
    }

    /// Forgets a page, so that it is fetched again; one that has not come is fine.
    ///
    /// # Errors
    /// The name is no plain one, or the store can't be written to.
    pub fn forget(&self, name: &str) -> Result<(), StoreError> {
        check_name("page", name)?;
        disk::remove(&self.entry_path(name))?;
        disk::sync_folder(&self.folder)
    }

    /// Ends the pull: these pages in this order are the layer from now on.
    ///
    /// # Errors
    /// A page is missing or damaged (the pull stays, and can be opened again), or the store can't be written to.
    pub fn accept(
        self,
        names: &[&str],
        info_name: &str,
        mut fetch: FetchRecord,
    ) -> Result<Landed, StoreError> {
        // Each page is read back before the list names it: what rots in between is fetched again, not landed.
        let info = self.whole_page(info_name)?;
        let pages = names
            .iter()
            .map(|name| self.whole_page(name))
            .collect::<Result<Vec<_>, _>>()?;
        let list = PageList {
            version: record::VERSION,
            info,
            pages,
            generalised: fetch.generalised.clone(),
        };
        let text = record::to_json(&list);
        fetch.sha256 = sha256_hex(&text);
        fetch.pages = list.pages.len() as u64;
        let name = PathBuf::from(format!("{}.{EXTENSION}", fetch.sha256));
        disk::put_file(&self.store.work(), &self.layer_folder().join(&name), &text)?;
        // The list comes first: it is what is opened.
        let mut files = vec![LandedFile {
            path: name,
            bytes: text.len() as u64,
            sha256: fetch.sha256.clone(),
        }];
        for page in std::iter::once(list.info).chain(list.pages) {
            files.push(LandedFile {
                path: page.path,
                bytes: page.bytes,
                sha256: page.sha256,
            });
        }
        // Held first. A pull that is left beside an accepted one is given up with the next key, or pruned.
        let landed = self.store.hold_fetched(&self.id, files, fetch)?;
        disk::remove(&self.folder)?;
        disk::sync_folder(self.layer_folder())?;
        Ok(landed)
    }

    fn whole_page(&self, name: &str) -> Result<LandedPage, StoreError> {
        if let Some(entry) = self.read_entry(name)?
            && read_page(&self.layer_folder().join(&entry.page.path), &entry.page).is_some()
        {
            return Ok(entry.page);
        }
        Err(LandingError::PageMissing {
            path: self.folder.clone(),
            name: name.to_owned(),
        }
        .into())
    }

    fn read_entry(&self, name: &str) -> Result<Option<PageEntry>, StoreError> {
        check_name("page", name)?;
        Ok(record::read_sound(&self.entry_path(name)))
    }

    fn entry_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// Folder of the layer.
    fn layer_folder(&self) -> &Path {
        self.folder.parent().expect("a pull lies in its layer's folder")
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::super::{fault, fixture};
    use super::*;

    fn page(rows: u64) -> PageRecord {
        PageRecord {
            url: format!("https://example.org/{rows}"),
            rows,
            ..PageRecord::default()
        }
    }

    fn fetched(day: u32) -> FetchRecord {
        FetchRecord {
            fetched_at: format!("2026-01-{day:02}T03:00:00Z"),
            ..FetchRecord::default()
        }
    }

    fn pages(store: &Store) -> Vec<String> {
        fixture::names(&store.root().join("landing/dams/pages"))
    }

    /// Pulls what is missing, as a fetch does, and accepts it.
    fn pull(store: &Store, key: &str, day: u32) -> Result<(Landed, u32), StoreError> {
        let pull = store.pull("dams", key)?;
        let mut fetches = 0;
        for (name, rows) in [("info", 0), ("a", 1), ("b", 2)] {
            if pull.get(name)?.is_none() {
                fetches += 1;
                pull.put(name, format!("{name} {key}").repeat(99).as_bytes(), &page(rows))?;
            }
        }
        Ok((pull.accept(&["b", "a"], "info", fetched(day))?, fetches))
    }

    #[test]
    fn an_accepted_pull_is_held_with_its_pages_in_order() {
        let (_folder, store) = fixture::store();
        assert!(store.held_copy("dams").unwrap().is_none());
        let (landed, fetches) = pull(&store, "k", 1).unwrap();
        assert_eq!(fetches, 3);
        let list: serde_json::Value = serde_json::from_slice(&fs::read(&landed.path).unwrap()).unwrap();
        assert_eq!(
            (&list["pages"][0]["rows"], &list["pages"][1]["rows"]),
            (&2.into(), &1.into())
        );
        for page in list["pages"].as_array().unwrap().iter().chain([&list["info"]]) {
            let path = landed.path.with_file_name(page["path"].as_str().unwrap());
            let bytes = zstd::decode_all(File::open(path).unwrap()).unwrap();
            assert_eq!(page["sha256"], sha256_hex(&bytes));
        }
        let held = store.held_copy("dams").unwrap().unwrap();
        assert_eq!(
            (&held.landed.path, &held.landed.sha256),
            (&landed.path, &landed.sha256)
        );
        assert_eq!((held.record.pages, &held.record.sha256), (2, &landed.sha256));
        assert!(!store.root().join("landing/dams/pull").exists());
    }

    #[test]
    fn the_same_pages_again_are_the_same_landing_with_a_newer_record() {
        let (_folder, store) = fixture::store();
        let (first, _) = pull(&store, "k", 1).unwrap();
        let (second, fetches) = pull(&store, "k", 2).unwrap();
        assert_eq!((second.sha256, fetches), (first.sha256, 3));
        assert_eq!(second.landed_at, first.landed_at);
        assert_eq!(
            store.held_copy("dams").unwrap().unwrap().record.fetched_at,
            fetched(2).fetched_at
        );
        assert_eq!(pages(&store).len(), 3);
    }

    #[test]
    fn a_pull_goes_on_with_its_key_and_begins_empty_with_another() {
        let (_folder, store) = fixture::store();
        store.pull("dams", "k").unwrap().put("a", b"x", &page(1)).unwrap();
        assert_eq!(
            store.pull("dams", "k").unwrap().get("a").unwrap(),
            Some(b"x".to_vec())
        );
        assert_eq!(
            store.pull("dams", "k").unwrap().record("a").unwrap(),
            Some(page(1))
        );
        assert_eq!(store.pull("dams", "other").unwrap().get("a").unwrap(), None);
        assert_eq!(store.pull("dams", "k").unwrap().get("a").unwrap(), None);
    }

    #[test]
    fn a_page_that_is_forgotten_or_damaged_is_none_and_not_accepted() {
        let (_folder, store) = fixture::store();
        let pull = store.pull("dams", "k").unwrap();
        pull.put("info", b"i", &page(0)).unwrap();
        pull.put("a", b"x", &page(1)).unwrap();
        pull.put("b", b"y", &page(1)).unwrap();
        pull.forget("a").unwrap();
        pull.forget("a").unwrap();
        assert_eq!(pull.get("a").unwrap(), None);
        let path = store
            .root()
            .join(format!("landing/dams/pages/{}.zst", sha256_hex(b"y")));
        for damage in [
            zstd::encode_all(&b"z"[..], 3).unwrap(),
            zstd::encode_all(&vec![0; 1 << 20][..], 3).unwrap(),
            vec![],
        ] {
            fs::write(&path, damage).unwrap();
            assert_eq!(pull.get("b").unwrap(), None);
        }
        let error = pull.accept(&["b"], "info", fetched(1)).unwrap_err();
        assert!(
            matches!(&error, StoreError::Landing(LandingError::PageMissing { name, .. }) if name == "b"),
            "{error:?}"
        );
        assert!(error.is_source() && store.held_copy("dams").unwrap().is_none());

        let pull = store.pull("dams", "k").unwrap();
        pull.put("b", b"y", &page(1)).unwrap();
        assert_eq!(pull.get("b").unwrap(), Some(b"y".to_vec()));
        pull.accept(&["b"], "info", fetched(1)).unwrap();
    }

    #[test]
    fn a_held_pull_that_lost_a_page_is_not_held() {
        let (_folder, store) = fixture::store();
        pull(&store, "k", 1).unwrap();
        let name = pages(&store).remove(0);
        fs::remove_file(store.root().join("landing/dams/pages").join(name)).unwrap();
        assert!(store.held_copy("dams").unwrap().is_none());
        pull(&store, "k", 2).unwrap();
        assert!(store.held_copy("dams").unwrap().is_some());
    }

    #[test]
    fn pages_may_come_from_many_threads_at_once() {
        let (_folder, store) = fixture::store();
        let pull = store.pull("dams", "k").unwrap();
        std::thread::scope(|scope| {
            for worker in 0..8 {
                let pull = &pull;
                scope.spawn(move || {
                    for n in 0..20 {
                        // Half of them have equal bytes.
                        let bytes = format!("{}", n * (worker % 2));
                        pull.put(&format!("p{worker}-{n}"), bytes.as_bytes(), &page(1))
                            .unwrap();
                    }
                });
            }
        });
        for (worker, n) in (0..8).flat_map(|worker| (0..20).map(move |n| (worker, n))) {
            let expected = format!("{}", n * (worker % 2)).into_bytes();
            assert_eq!(pull.get(&format!("p{worker}-{n}")).unwrap(), Some(expected));
        }
    }

    #[test]
    fn names_of_pages_are_plain() {
        let (_folder, store) = fixture::store();
        let pull = store.pull("dams", "k").unwrap();
        assert!(matches!(
            pull.put("../a", b"", &page(0)),
            Err(StoreError::BadName { what: "page", .. })
        ));
        assert!(matches!(pull.get(".key"), Err(StoreError::BadName { .. })));
        assert!(matches!(store.pull("../a", "k"), Err(StoreError::BadName { .. })));
    }

    /// The last pull stays held until the next one is accepted whole, and no page that landed is lost.
    #[test]
    fn a_pull_cut_short_at_any_step_goes_on() {
        let (_folder, undisturbed) = fixture::store();
        let (expected, _) = pull(&undisturbed, "new", 2).unwrap();
        for step in 0.. {
            let (_folder, store) = fixture::store();
            let (old, _) = pull(&store, "old", 1).unwrap();
            let (cut, is_cut) = fault::after(step, || pull(&store, "new", 2));
            if let Err(error) = &cut {
                assert!(matches!(error, StoreError::Full { .. }), "step {step}: {error:?}");
            }
            let held = store
                .held_copy("dams")
                .unwrap()
                .expect("one of the two is held")
                .landed
                .sha256;
            assert!([&old.sha256, &expected.sha256].contains(&&held), "step {step}");
            assert!(cut.is_err() || held == expected.sha256, "step {step}");

            let kept = ["info", "a", "b"]
                .iter()
                .filter(|name| store.pull("dams", "new").unwrap().get(name).unwrap().is_some())
                .count();
            let (landed, fetches) = pull(&store, "new", 3).unwrap();
            assert_eq!(
                (landed.sha256.as_str(), fetches as usize),
                (expected.sha256.as_str(), 3 - kept),
                "step {step}"
            );
            if !is_cut {
                assert!(step > 20, "{step} steps");
                break;
            }
        }
    }
}
