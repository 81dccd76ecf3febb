//! Landing: a source's bytes, unchanged, under their digest, with a record of when they first came.
//!
//! `landing/<layer>/<sha256>.csv` and `<sha256>.csv.record.json`. The record is written last: without it
//! the bytes count as not landed. An unchanged source is read once and nothing is written.

use std::path::Path;

use tracing::warn;

use super::digest::digest_file;
use super::error::StoreError;
use super::landed::{LandedFile, LandingRecord, is_whole, record_path};
use super::landing_error::LandingError;
use super::parcel::{Parcel, Part};
use super::{Store, check_name, disk, record};
use crate::feature::{FetchRecord, Landed};

impl Store {
    /// Lands a local source: a file, a Shapefile with what belongs to it, a FileGDB's folder, or a folder of
    /// Parquet files.
    ///
    /// `id` names the layer's folder; `now` is RFC 3339 UTC. Bytes that are there already are not stored twice.
    ///
    /// ```
    /// use cikr::store::{Store, write_texts};
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = Store::open(&folder.path().join("store")).unwrap();
    /// let source = folder.path().join("dams.csv");
    /// write_texts(&[(source.clone(), "id,x,y\n1,2,3\n")], false).unwrap();
    ///
    /// let first = store.land("dams", &source, "dams.csv", "2026-01-05T03:00:00Z").unwrap();
    /// let again = store.land("dams", &source, "dams.csv", "2026-01-06T03:00:00Z").unwrap();
    /// assert_eq!(first.bytes, 13);
    /// assert_eq!(again.path, first.path);
    /// assert_eq!(again.landed_at, "2026-01-05T03:00:00Z", "the same bytes land once");
    /// ```
    ///
    /// # Errors
    /// The source is missing, unreadable, changing, or of a kind that can't be landed
    /// (`StoreError::is_source`); or the store can't be written to.
    pub fn land(&self, id: &str, source: &Path, shown: &str, now: &str) -> Result<Landed, StoreError> {
        check_name("layer", id)?;
        let parcel = Parcel::open(source)?;
        let folder = self.root.join("landing").join(id);
        let fetch = FetchRecord {
            url: shown.to_owned(),
            fetched_at: now.to_owned(),
            method: "copy".to_owned(),
            sha256: parcel.sha256.clone(),
            ..FetchRecord::default()
        };
        if let Some(landed) = find_landed(&folder, &parcel) {
            self.hold_local(&folder, &parcel.landed_name(), fetch)?;
            return Ok(landed);
        }
        // The record comes after all that it names, and what is held after the record: a kill in between costs a
        // copy.
        disk::create_folder(&folder)?;
        self.copy_in_place(&parcel, &folder)?;
        let record = LandingRecord {
            version: record::VERSION,
            source: shown.to_owned(),
            sha256: parcel.sha256.clone(),
            bytes: parcel.total_bytes(),
            landed_at: now.to_owned(),
            files: parcel
                .parts
                .iter()
                .map(|part| landed_file(&parcel, part))
                .collect(),
            fetch: None,
        };
        disk::put_file(
            &self.work(),
            &record_path(&folder, Path::new(&parcel.landed_name())),
            &record::to_json(&record),
        )?;
        self.hold_local(&folder, &parcel.landed_name(), fetch)?;
        Ok(landed_copy(&folder, &parcel, record.landed_at))
    }

    /// Copies a source beside the landing, checks the copy, and moves it in place.
    fn copy_in_place(&self, parcel: &Parcel, folder: &Path) -> Result<(), StoreError> {
        let stage = disk::temp_folder(&self.work())?;
        let staged_root = stage.path().join(parcel.landed_name());
        let folders = parcel.folders();
        if parcel.is_folder() {
            folders
                .iter()
                .try_for_each(|place| disk::create_folder(&stage.path().join(place)))?;
        }
        for part in &parcel.parts {
            copy_checked(part, &stage.path().join(parcel.landed_path(part)))?;
        }
        if parcel.is_folder() {
            folders
                .iter()
                .try_for_each(|place| disk::sync_folder(&stage.path().join(place)))?;
            // Without a record, what a dead run left there counts for nothing.
            let place = folder.join(parcel.landed_name());
            disk::remove(&place)?;
            disk::rename(&staged_root, &place)?;
        } else {
            for part in &parcel.parts {
                disk::rename(
                    &stage.path().join(parcel.landed_path(part)),
                    &folder.join(parcel.landed_path(part)),
                )?;
            }
        }
        disk::sync_folder(folder)?;
        disk::sync_folder_of(folder)
    }
}

fn copy_checked(part: &Part, to: &Path) -> Result<(), StoreError> {
    disk::copy_in(&part.path, to)?;
    // The source was digested before it was copied. Where the copy has the same digest, nobody wrote to it in
    // between.
    let (sha256, _) = digest_file(to)?;
    if sha256 == part.sha256 {
        Ok(())
    } else {
        Err(LandingError::Changed {
            path: part.path.clone(),
        }
        .into())
    }
}

/// What has been landed before; a record that is damaged, or whose files are, counts as none.
fn find_landed(folder: &Path, parcel: &Parcel) -> Option<Landed> {
    let record: LandingRecord = record::read_sound(&record_path(folder, Path::new(&parcel.landed_name())))?;
    let damaged = parcel
        .parts
        .iter()
        .find(|part| !is_whole(folder, &landed_file(parcel, part)));
    if let Some(damaged) = damaged {
        let path = folder.join(parcel.landed_path(damaged));
        warn!(path = %path.display(), "a landed file is missing or damaged; it is landed again");
        return None;
    }
    Some(landed_copy(folder, parcel, record.landed_at))
}

fn landed_copy(folder: &Path, parcel: &Parcel, landed_at: String) -> Landed {
    Landed {
        path: folder.join(parcel.landed_name()),
        sha256: parcel.sha256.clone(),
        bytes: parcel.total_bytes(),
        landed_at,
        doubts: vec![],
    }
}

fn landed_file(parcel: &Parcel, part: &Part) -> LandedFile {
    LandedFile {
        path: parcel.landed_path(part),
        bytes: part.bytes,
        sha256: part.sha256.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::super::{fault, fixture};
    use super::*;

    const MONDAY: &str = "2026-01-05T03:00:00Z";
    const TUESDAY: &str = "2026-01-06T03:00:00Z";

    fn source(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn a_file_lands_under_its_digest_and_once() {
        let (folder, store) = fixture::store();
        let path = source(folder.path(), "Dams.CSV", "abc");
        let first = store.land("dams", &path, "shown", MONDAY).unwrap();
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(
            first.path,
            store.root().join(format!("landing/dams/{sha256}.csv"))
        );
        assert_eq!(
            (first.sha256.as_str(), first.bytes, first.landed_at.as_str()),
            (sha256, 3, MONDAY)
        );
        assert_eq!(fs::read(&first.path).unwrap(), b"abc");

        let moved = source(folder.path(), "moved/dams.csv", "abc");
        let second = store.land("dams", &moved, "shown", TUESDAY).unwrap();
        assert_eq!((second.path, second.landed_at.as_str()), (first.path, MONDAY));
        let names = fixture::names(&store.root().join("landing/dams"));
        let record = format!("{sha256}.csv.record.json");
        assert_eq!(names, [format!("{sha256}.csv"), record, "held.json".to_owned()]);
    }

    #[test]
    fn a_changed_source_lands_beside_the_old() {
        let (folder, store) = fixture::store();
        let path = source(folder.path(), "dams.json", "old");
        let old = store.land("dams", &path, "shown", MONDAY).unwrap();
        fs::write(&path, "new").unwrap();
        let new = store.land("dams", &path, "shown", TUESDAY).unwrap();
        assert_eq!(
            (fs::read(old.path).unwrap(), fs::read(new.path).unwrap()),
            (b"old".into(), b"new".into())
        );
    }

    #[test]
    fn bytes_that_went_missing_are_landed_again() {
        let (folder, store) = fixture::store();
        let path = source(folder.path(), "dams.csv", "abc");
        let landed = store.land("dams", &path, "shown", MONDAY).unwrap();
        fs::write(&landed.path, "a").unwrap();
        let again = store.land("dams", &path, "shown", TUESDAY).unwrap();
        assert_eq!(
            (fs::read(again.path).unwrap(), again.landed_at.as_str()),
            (b"abc".into(), TUESDAY)
        );
    }

    #[test]
    fn a_shapefile_lands_with_what_belongs_to_it() {
        let (folder, store) = fixture::store();
        let path = source(folder.path(), "Roads.shp", "s");
        for (name, content) in [
            ("Roads.DBF", "d"),
            ("Roads.shx", "x"),
            ("Roads.qix", "q"),
            ("Other.prj", "o"),
        ] {
            source(folder.path(), name, content);
        }
        let landed = store.land("roads", &path, "shown", MONDAY).unwrap();
        assert_eq!(
            (landed.bytes, landed.path.extension().unwrap().to_str()),
            (3, Some("shp"))
        );
        let names = fixture::names(landed.path.parent().unwrap());
        let expected = ["dbf", "shp", "shp.record.json", "shx"].map(|end| format!("{}.{end}", landed.sha256));
        assert_eq!(names, [&expected[..], &["held.json".to_owned()]].concat());

        source(folder.path(), "Roads.dbf", "D");
        let error = store.land("roads", &path, "shown", MONDAY).unwrap_err();
        assert!(
            matches!(error, StoreError::Landing(LandingError::DuplicatePart { extension, .. }) if extension == "dbf")
        );
        fs::remove_file(folder.path().join("Roads.DBF")).unwrap();
        assert_ne!(
            store.land("roads", &path, "shown", MONDAY).unwrap().sha256,
            landed.sha256
        );
    }

    #[test]
    fn a_filegdb_lands_as_a_folder_of_regular_files() {
        let (folder, store) = fixture::store();
        source(folder.path(), "Schools.gdb/a00000001.gdbtable", "t");
        source(folder.path(), "Schools.gdb/gdb", "g");
        source(folder.path(), "Schools.gdb/_gdb.HOST.1.sr.lock", "l");
        let path = folder.path().join("Schools.gdb");
        let landed = store.land("schools", &path, "shown", MONDAY).unwrap();
        assert_eq!(landed.path.extension().unwrap(), "gdb");
        assert_eq!(fixture::names(&landed.path), ["a00000001.gdbtable", "gdb"]);
        assert_eq!(
            store.land("schools", &path, "shown", TUESDAY).unwrap().landed_at,
            MONDAY
        );

        symlink("/etc/passwd", path.join("link")).unwrap();
        let error = store.land("schools", &path, "shown", MONDAY).unwrap_err();
        assert!(
            matches!(&error, StoreError::Landing(LandingError::NotARegularFile { path }) if path.ends_with("link"))
        );
        assert!(error.is_source());
    }

    #[test]
    fn a_folder_of_parquet_lands_with_its_partitions_and_nothing_else() {
        let (folder, store) = fixture::store();
        source(folder.path(), "dams/state=TX/a.parquet", "t");
        source(folder.path(), "dams/state=OK/b.parquet", "o");
        source(folder.path(), "dams/_SUCCESS", "");
        source(folder.path(), "dams/.crc/a.parquet", "c");
        let path = folder.path().join("dams");
        let landed = store.land("dams", &path, "shown", MONDAY).unwrap();
        assert_eq!(
            (landed.path.extension().unwrap().to_str(), landed.bytes),
            (Some("parquet"), 2)
        );
        assert_eq!(fixture::names(&landed.path), ["state=OK", "state=TX"]);
        assert_eq!(fs::read(landed.path.join("state=TX/a.parquet")).unwrap(), b"t");
        assert_eq!(
            store.land("dams", &path, "shown", TUESDAY).unwrap().landed_at,
            MONDAY
        );
        fs::rename(path.join("state=TX"), path.join("state=AR")).unwrap();
        let moved = store.land("dams", &path, "shown", TUESDAY).unwrap();
        assert_ne!(moved.sha256, landed.sha256, "a folder's name is part of the data");

        source(folder.path(), "dams/readme.txt", "r");
        let error = store.land("dams", &path, "shown", MONDAY).unwrap_err();
        assert!(
            matches!(&error, StoreError::Landing(LandingError::StrayFile { path }) if path.ends_with("readme.txt"))
        );
        assert!(error.is_source());
    }

    #[test]
    fn sources_that_cannot_be_landed_are_named() {
        let (folder, store) = fixture::store();
        let file = source(folder.path(), "file", "x");
        let land = |path: &Path| store.land("dams", path, "shown", MONDAY).unwrap_err();
        for (path, error) in [
            (
                folder.path().join("none.csv"),
                land(&folder.path().join("none.csv")),
            ),
            (folder.path().to_owned(), land(folder.path())),
            (PathBuf::from("/dev/null"), land(Path::new("/dev/null"))),
            (file.join("dams.csv"), land(&file.join("dams.csv"))),
            (PathBuf::from("/proc/self/mem"), land(Path::new("/proc/self/mem"))),
        ] {
            assert!(error.is_source(), "{error:?}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
        assert!(matches!(
            store.land("../x", &file, "shown", MONDAY),
            Err(StoreError::BadName { .. })
        ));
    }

    /// A landing that ends at any step counts as landed or not, never as half.
    #[test]
    fn a_landing_cut_short_at_any_step_is_done_again() {
        for kind in ["dams.csv", "dams.shp", "dams.gdb", "dams"] {
            for step in 0.. {
                let (folder, store) = fixture::store();
                for name in [
                    "dams.csv",
                    "dams.shp",
                    "dams.dbf",
                    "dams.gdb/a.gdbtable",
                    "dams.gdb/gdb",
                ] {
                    source(folder.path(), name, name);
                }
                source(folder.path(), "dams/state=TX/a.parquet", "t");
                let path = folder.path().join(kind);
                let (cut, is_cut) = fault::after(step, || store.land("dams", &path, "shown", MONDAY));
                if let Err(error) = &cut {
                    assert!(
                        matches!(error, StoreError::Full { .. }),
                        "{kind}, step {step}: {error:?}"
                    );
                }

                let landed = store.land("dams", &path, "shown", TUESDAY).unwrap();
                let parcel = Parcel::open(&landed.path).unwrap();
                assert_eq!(parcel.sha256, landed.sha256, "{kind}, step {step}");
                assert!(fixture::names(&store.work()).is_empty(), "{kind}, step {step}");
                if !is_cut {
                    assert_eq!(landed.landed_at, MONDAY);
                    assert!(step > 10, "{kind}: {step} steps");
                    break;
                }
            }
        }
    }
}
