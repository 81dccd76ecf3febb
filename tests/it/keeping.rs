//! Thirty nights of one store, changed, quiet, rolled back, pinned and killed: what stands is what the rules say.
//!
//! Each night has a day of its own (`faketime`), and what should stand is reckoned here from the rules as the README has them.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Ended, Folder, ended, program};

/// What happens on a day.
#[derive(Debug, Clone, Copy)]
enum Day {
    /// The source has a row more, and a night is made of it.
    Changed,
    /// A night of the same source.
    Quiet,
    /// The source has a row more, and the night is killed.
    Killed,
    /// What was made so many releases ago becomes the latest and stays it; then a night.
    RolledBack(usize),
    /// Nights become the latest again; then one.
    Followed,
    /// The newest release is kept for good; then a night.
    Pinned(&'static str),
    /// That name is given up; then a night.
    Unpinned(&'static str),
}

use Day::{Changed, Followed, Killed, Pinned, Quiet, RolledBack, Unpinned};

const DAYS: [Day; 30] = [
    Changed,
    Quiet,
    Quiet,
    Changed,
    Changed,
    Quiet,
    Killed,
    Quiet,
    Changed,
    Pinned("v1"),
    Quiet,
    Changed,
    Changed,
    Changed,
    RolledBack(2),
    Changed,
    Quiet,
    Changed,
    Killed,
    Changed,
    Followed,
    Quiet,
    Changed,
    Unpinned("v1"),
    Quiet,
    Changed,
    RolledBack(1),
    Quiet,
    Followed,
    Changed,
];

/// `keep` of the pipeline.
const KEEP: usize = 2;

/// A release, as the rules see it.
#[derive(Debug)]
struct Made {
    id: String,
    day: usize,
    rows: usize,
    has_changed: bool,
    /// The day from which another was the latest.
    ceased: Option<usize>,
    name: Option<&'static str>,
}

#[derive(Default)]
struct Store {
    folder: Option<Folder>,
    rows: usize,
    /// Releases that stand, the oldest first.
    made: Vec<Made>,
    latest: Option<String>,
    is_frozen: bool,
}

impl Store {
    fn folder(&self) -> &Folder {
        self.folder.as_ref().unwrap()
    }

    fn command(day: usize, args: &[&str]) -> Command {
        let mut command = Command::new("faketime");
        command
            .args(["-f", &format!("+{day}d")])
            .arg(program())
            .args(args);
        command
    }

    fn cikr(&self, day: usize, args: &[&str]) -> Ended {
        let output = Self::command(day, args)
            .current_dir(self.folder().path())
            .output()
            .expect("faketime is there; `tests/setup.sh test` installs it");
        ended(&output)
    }

    fn put_rows(&mut self, more: usize) {
        self.rows += more;
        let rows: String = (0..self.rows)
            .map(|row| format!("{row},A,48001,5,-95.{row:02},35\n"))
            .collect();
        self.folder().points(&rows);
        let pipeline = self.folder().path().join("pipeline.toml");
        let text = std::fs::read_to_string(&pipeline).unwrap();
        std::fs::write(pipeline, format!("keep = {KEEP}\n{text}")).unwrap();
    }

    /// Makes a night, and reckons what it leaves.
    fn make_night(&mut self, day: usize) {
        let ended = self
            .cikr(day, &["run", "pipeline.toml", "--format", "json"])
            .code(0);
        let id = ended.report().release.to_string();
        if self.is_frozen {
            assert!(
                ended.stderr.contains("frozen by ada") && ended.stderr.contains("the dams are mirrored"),
                "day {day}: who froze it, and why, is told:\n{}",
                ended.stderr
            );
        }
        let before = self.made.last().map(|made| made.rows);
        self.made.push(Made {
            id: id.clone(),
            day,
            rows: self.rows,
            has_changed: before != Some(self.rows),
            ceased: None,
            name: None,
        });
        if !self.is_frozen {
            self.point_to(id, day);
        }
        self.prune(day);
    }

    fn point_to(&mut self, id: String, day: usize) {
        let before = self.latest.replace(id);
        let before = before.filter(|before| Some(before) != self.latest.as_ref());
        for made in &mut self.made {
            if Some(&made.id) == before.as_ref() {
                made.ceased = Some(day);
            } else if Some(&made.id) == self.latest.as_ref() {
                made.ceased = None;
            }
        }
    }

    /// The rules: the latest and the pinned stay, `keep` of those that have changed, and whatever was the latest, or was made,
    /// less than a day ago.
    fn prune(&mut self, day: usize) {
        let counted: BTreeSet<String> = self
            .made
            .iter()
            .rev()
            .filter(|made| made.has_changed)
            .take(KEEP)
            .map(|made| made.id.clone())
            .collect();
        let newest = self.made.last().unwrap().id.clone();
        // One that never was the latest ceased to be looked at when the next was made.
        let next_days: Vec<Option<usize>> = (0..self.made.len())
            .map(|at| self.made.get(at + 1).map(|next| next.day))
            .collect();
        let mut next_days = next_days.into_iter();
        let latest = self.latest.clone();
        self.made.retain(|made| {
            let next_day = next_days.next().unwrap();
            let ceased = made.ceased.or(next_day).unwrap_or(made.day);
            counted.contains(&made.id)
                || Some(&made.id) == latest.as_ref()
                || made.id == newest
                || made.name.is_some()
                || day <= ceased
        });
    }

    /// Starts a night and kills it while it works.
    fn kill_night(&self, day: usize) {
        let mut night = Self::command(day, &["run", "pipeline.toml"])
            .current_dir(self.folder().path())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        // Once it has begun its release, and before it could have ended it.
        let work = self.folder().path().join("store/work");
        while std::fs::read_dir(&work).unwrap().next().is_none() {
            thread::sleep(Duration::from_millis(2));
        }
        // The whole group: `faketime` waits for the program that it has started.
        let group = format!("-{}", night.id());
        let killed = Command::new("kill")
            .args(["-KILL", "--", &group])
            .status()
            .unwrap();
        assert!(killed.success());
        night.wait().unwrap();
    }

    fn assert_as_reckoned(&self, day: usize, what: Day) {
        let listed = self
            .cikr(day, &["releases", "--store", "store", "--format", "json"])
            .code(0);
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        let listed = listed.as_array().unwrap();
        let found: BTreeSet<&str> = listed
            .iter()
            .map(|release| release["id"].as_str().unwrap())
            .collect();
        let expected: BTreeSet<&str> = self.made.iter().map(|made| made.id.as_str()).collect();
        assert_eq!(found, expected, "day {day}, {what:?}");
        for release in listed {
            let made = self
                .made
                .iter()
                .find(|made| release["id"] == made.id.as_str())
                .unwrap();
            let is_latest = Some(&made.id) == self.latest.as_ref();
            assert_eq!(release["is_latest"], is_latest, "day {day}");
            assert_eq!(release["is_frozen"], is_latest && self.is_frozen, "day {day}");
            assert_eq!(release["changed"], made.has_changed, "day {day}");
            assert_eq!(release["pin"]["name"].as_str(), made.name, "day {day}");
        }
        let link = self.folder().path().join("store/public/latest");
        assert!(
            link.canonicalize()
                .unwrap()
                .ends_with(self.latest.as_ref().unwrap()),
            "day {day}"
        );
    }
}

#[test]
fn thirty_nights_end_with_the_releases_that_the_rules_say() {
    let mut store = Store {
        folder: Some(Folder::new()),
        // Enough that a row more on each day is no change that the gate would hold back.
        rows: 60,
        ..Store::default()
    };
    for (day, what) in DAYS.into_iter().enumerate() {
        match what {
            Changed | Killed => store.put_rows(1),
            Quiet => {}
            RolledBack(ago) => {
                let to = store.made[store.made.len() - 1 - ago].id.clone();
                let reason = ["--by", "ada", "--reason", "the dams are mirrored"];
                let args = [&["rollback", &to, "--store", "store"][..], &reason].concat();
                store.cikr(day, &args).code(0);
                store.is_frozen = true;
                store.point_to(to, day);
            }
            Followed => {
                store
                    .cikr(day, &["latest", "--follow", "--store", "store"])
                    .code(0);
                store.is_frozen = false;
                let newest = store.made.last().unwrap().id.clone();
                store.point_to(newest, day);
            }
            Pinned(name) => {
                let newest = store.made.last_mut().unwrap();
                newest.name = Some(name);
                let id = newest.id.clone();
                store
                    .cikr(day, &["pin", &id, "--name", name, "--store", "store"])
                    .code(0);
            }
            Unpinned(name) => {
                store.cikr(day, &["unpin", name, "--store", "store"]).code(0);
                store.made.iter_mut().for_each(|made| made.name = None);
            }
        }
        if matches!(what, Killed) {
            store.kill_night(day);
        } else {
            store.make_night(day);
        }
        store.assert_as_reckoned(day, what);
    }
    let verified = store.cikr(DAYS.len(), &["verify", "latest", "--store", "store"]);
    verified.code(0);
}

/// Whoever has gone into a release once finds all of it, whatever is published meanwhile.
#[test]
fn a_reader_of_a_release_finds_every_file_while_nights_are_published() {
    let mut store = Store {
        folder: Some(Folder::new()),
        rows: 60,
        ..Store::default()
    };
    store.put_rows(1);
    store.cikr(0, &["run", "pipeline.toml", "-q"]).code(0);
    let release = store
        .folder()
        .path()
        .join("store/public/latest")
        .canonicalize()
        .unwrap();
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(release.join("manifest.json")).unwrap()).unwrap();
    let files: Vec<String> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect();
    let is_over = AtomicBool::new(false);
    let (is_over, files, release) = (&is_over, &files, &release);
    let walks = thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut walks = 0;
            while !is_over.load(Ordering::Relaxed) {
                for file in files {
                    let found = std::fs::read(release.join(file));
                    assert!(found.is_ok(), "{file} after {walks} walks");
                }
                walks += 1;
            }
            walks
        });
        for _ in 0..3 {
            store.put_rows(1);
            store.cikr(0, &["run", "pipeline.toml", "-q"]).code(0);
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(walks > 3, "{walks}");
    // Two days later it is gone: of four changed releases the newest two stay.
    store.put_rows(1);
    store.cikr(2, &["run", "pipeline.toml", "-q"]).code(0);
    assert!(!release.exists());
}

/// Puts the releases of a store where the version before had them.
fn put_back(store: &Path) {
    let public = store.join("public");
    for name in ["releases", "latest.json", "feed.xml"] {
        std::fs::rename(public.join(name), store.join(name)).unwrap();
    }
    std::fs::remove_dir_all(&public).unwrap();
    std::fs::remove_file(store.join("pointed.json")).unwrap();
}

#[test]
fn an_old_store_is_moved_over_by_the_first_night_also_when_nights_are_killed() {
    let mut old = Store {
        folder: Some(Folder::new()),
        rows: 60,
        ..Store::default()
    };
    old.put_rows(1);
    let first = old
        .cikr(0, &["run", "pipeline.toml", "--format", "json"])
        .code(0)
        .report()
        .release;
    let root = old.folder().path().join("store");
    put_back(&root);
    old.cikr(0, &["verify", "store"]).code(0);
    assert!(!root.join("public").exists(), "reading moves nothing");
    for killed_after in [1, 3, 5, 8, 12, 20] {
        let mut night = Store::command(0, &["run", "pipeline.toml", "-q"])
            .current_dir(old.folder().path())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(killed_after * 5));
        let group = format!("-{}", night.id());
        Command::new("kill")
            .args(["-KILL", "--", &group])
            .status()
            .unwrap();
        night.wait().unwrap();
        // Both places lead to a whole release at any time.
        old.cikr(0, &["verify", "store"]).code(0);
        let told: Value = serde_json::from_slice(&std::fs::read(root.join("latest.json")).unwrap()).unwrap();
        assert!(
            root.join("releases")
                .join(told["release"].as_str().unwrap())
                .join("README.md")
                .exists()
        );
    }
    let told = old.cikr(0, &["run", "pipeline.toml"]).code(0).stderr;
    let is_moved = root
        .join("public/releases")
        .join(first.as_str())
        .join("README.md")
        .exists();
    assert!(is_moved, "{told}");
    assert!(root.join("releases").symlink_metadata().unwrap().is_symlink());
    assert!(root.join("latest.json").symlink_metadata().unwrap().is_symlink());
    old.cikr(0, &["verify", first.as_str(), "--store", "store"])
        .code(0);
}
