//! The damage trial: a store of several nights is damaged in one place, then comes a night. It ends with a sound release of
//! what the sources have, whatever was damaged; nothing damaged is published.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::harm::Harm;
use super::{HEADER, differing, files, rows, tables};
use crate::loopback::arcgis::{ArcGis, Layer};
use crate::loopback::{Reply, Server};
use crate::program::{Folder, POINTS_LAYER};

/// Name of a kind, and whether a path below the store is of it.
type Kind = (&'static str, fn(&str) -> bool);

/// Kinds of files of a store.
const KINDS: [Kind; 15] = [
    ("landed copy", |path| {
        path.starts_with("landing/") && !path.contains("/pages/") && !path.ends_with(".json")
    }),
    ("list of pages", |path| {
        path.starts_with("landing/") && path.ends_with(".esri.json")
    }),
    ("page", |path| path.contains("/pages/")),
    ("landing record", |path| {
        path.starts_with("landing/") && path.ends_with(".record.json")
    }),
    ("held.json", |path| path.ends_with("/held.json")),
    ("tile", |path| {
        path.starts_with("public/releases/") && path.contains("/data/") && path.ends_with(".parquet")
    }),
    ("table", |path| {
        path.starts_with("public/releases/") && !path.contains("/data/") && path.ends_with(".parquet")
    }),
    ("other file of a release", |path| {
        path.starts_with("public/releases/")
            && path.matches('/').count() > 2
            && !path.ends_with(".parquet")
            && !path.ends_with("manifest.json")
    }),
    ("manifest", |path| path.ends_with("/manifest.json")),
    ("release record", |path| {
        path.starts_with("public/releases/") && path.matches('/').count() == 2
    }),
    ("gate", |path| path.starts_with("gate/")),
    ("tally", |path| path.starts_with("tallies/")),
    ("polygon set", |path| path.starts_with("sets/")),
    ("work", |path| path.starts_with("work/")),
    ("top", |path| {
        [
            "public/latest.json",
            "public/feed.xml",
            "checked.json",
            "pointed.json",
        ]
        .contains(&path)
    }),
];

/// A store of several nights, its sources, and what a night without damage makes of them.
struct Trial {
    folder: Folder,
    _files: Server,
    _service: ArcGis,
    /// Tables after a quiet night, and after one on which a layer has changed.
    expected: [BTreeMap<PathBuf, Vec<u8>>; 2],
}

impl Trial {
    fn prepare() -> Self {
        let body = format!("{HEADER}{}", rows(3)).into_bytes();
        let file = Server::start(move |request| Reply::file(request, "text/csv", &body, "\"v1\""));
        let service = ArcGis::start(Layer::points(300));
        service.change(|service| service.layers[0].edited = Some(1_700_000_000_000));
        let folder = Folder::new();
        folder
            .points(&rows(0))
            .schema("fetched", "point", "")
            .schema("pulled", "point", "");
        folder.pipeline(&format!(
            "{POINTS_LAYER}gate = {{ grow = 1000 }}\n\n[[layer]]\nid = \"fetched\"\nsource.http = {{ url = \"{}\", csv = {{ x = \"LON\", y = \"LAT\" }}, crs = \"EPSG:4326\" }}\n\n[[layer]]\nid = \"pulled\"\nsource.arcgis = {{ url = \"{}\", page-rows = 50 }}\n",
            file.url("/fetched.csv"),
            service.url(0)
        ));
        let trial = Self {
            folder,
            _files: file,
            _service: service,
            expected: Default::default(),
        };
        trial.nights();
        trial
    }

    /// Four nights: one is quiet, one is held back and accepted, one dies before it publishes.
    fn nights(&self) {
        let folder = &self.folder;
        folder.run().code(0);
        folder.run().code(0);
        let fewer = rows(0).lines().take(30).collect::<Vec<_>>().join("\n");
        folder.write("points.csv", format!("{HEADER}{fewer}"));
        folder.run().code(5);
        folder
            .cikr(&["accept", "pipeline.toml", "points", "--reason", "meant"])
            .code(0);
        folder.run().code(0);
        self.die();
    }

    /// A run that ends before it publishes, with a layer finished: the tallies can't be written.
    fn die(&self) {
        let folder = &self.folder;
        folder.write("points.csv", format!("{HEADER}{}", rows(1)));
        let tallies = folder.path().join("store/tallies");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "ro,size=1m,mode=700", "tmpfs"])
            .arg(&tallies)
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            folder.run().code(6);
            assert!(Command::new("umount").arg(&tallies).status().unwrap().success());
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn base(&self) -> PathBuf {
        self.folder.path().join("base")
    }

    /// The store as it was before any damage, its links being links.
    fn restore(&self) {
        drop(fs::remove_dir_all(self.store()));
        let copied = Command::new("cp")
            .arg("-a")
            .arg(self.base())
            .arg(self.store())
            .status()
            .unwrap();
        assert!(copied.success());
    }

    fn is_changed(&self, is_changed: bool) {
        let rows = if is_changed { rows(2) } else { rows(1) };
        self.folder.write("points.csv", format!("{HEADER}{rows}"));
    }

    /// Damages so many files, each in a store of its own; what went wrong.
    #[expect(clippy::print_stdout, reason = "it takes minutes, and counts are its result")]
    fn run(&mut self, mutations: u64) -> Counts {
        fs::rename(self.store(), self.base()).unwrap();
        for is_changed in [false, true] {
            self.restore();
            self.is_changed(is_changed);
            self.folder.run().code(0);
            self.expected[usize::from(is_changed)] = tables(&self.folder.latest());
        }
        let all: Vec<String> = files(&self.base())
            .into_iter()
            .map(|path| path.to_str().unwrap().to_owned())
            .collect();
        let mut counts = Counts::default();
        for number in 0..mutations {
            let (kind, is_of) = KINDS[number as usize % KINDS.len()];
            let of: Vec<&String> = all.iter().filter(|path| is_of(path)).collect();
            if of.is_empty() {
                assert_eq!(kind, "work", "no file of this kind");
                continue;
            }
            let chance = chance(number);
            let path = of[chance as usize % of.len()];
            let other = of[(chance >> 20) as usize % of.len()];
            // Every kind meets every harm in twelve rounds.
            let (kind_at, round) = (number as usize % KINDS.len(), number as usize / KINDS.len());
            let harm = Harm::ALL[(round + 5 * kind_at) % Harm::ALL.len()];
            let place = format!("{number}: {harm:?} of {path} (other: {other})");
            self.one(harm, [path, other], chance, &place, &mut counts);
            *counts.kinds.entry((kind, harm)).or_default() += 1;
            if number % 28 == 27 {
                println!("{} mutations, {} failures", number + 1, counts.failures().count());
            }
        }
        counts
    }

    fn one(&self, harm: Harm, [path, other]: [&String; 2], chance: u64, place: &str, counts: &mut Counts) {
        self.restore();
        let is_changed = chance >> 40 & 1 == 1;
        self.is_changed(is_changed);
        harm.to(&self.store().join(path), &self.base().join(other), chance);
        let night = self.folder.run();
        counts.mutations += 1;
        counts.told += u64::from(night.stderr.contains(" WARN "));
        if night.code != 0 || night.stderr.contains("panicked") {
            counts
                .blocked
                .push(format!("{place}: exit {}\n{}", night.code, night.stderr));
            return;
        }
        let verified = self.folder.cikr(&["verify", "store"]);
        if verified.code != 0 {
            counts
                .unsound
                .push(format!("{place}\n{}{}", verified.stdout, verified.stderr));
        }
        let expected = &self.expected[usize::from(is_changed)];
        let found = tables(&self.folder.latest());
        let differing = differing(&found, expected);
        if !differing.is_empty() {
            counts
                .wrong
                .push(format!("{place}: {differing:?}\n{}", night.stderr));
        }
    }
}

/// What became of the nights after damage.
#[derive(Default)]
struct Counts {
    mutations: u64,
    /// Nights that warned.
    told: u64,
    kinds: BTreeMap<(&'static str, Harm), u64>,
    blocked: Vec<String>,
    unsound: Vec<String>,
    wrong: Vec<String>,
}

impl Counts {
    fn failures(&self) -> impl Iterator<Item = &str> {
        [&self.blocked, &self.unsound, &self.wrong]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    #[expect(clippy::print_stdout, reason = "counts are what the trial is for")]
    fn assert_none(&self) {
        let Self {
            mutations,
            told,
            blocked,
            unsound,
            wrong,
            ..
        } = self;
        let pairs = self.kinds.len();
        println!(
            "{mutations} mutations ({pairs} kinds of file and damage): {} nights blocked, {} releases unsound, {} of other rows; {told} nights warned",
            blocked.len(),
            unsound.len(),
            wrong.len()
        );
        let failures: Vec<&str> = self.failures().collect();
        assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    }
}

/// A number that looks random and is the same in every run of the test.
fn chance(number: u64) -> u64 {
    let mut state = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for shift in [30, 27, 31] {
        state = (state ^ state >> shift).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    state >> 1
}

#[test]
fn a_night_after_damage_ends_with_a_sound_release() {
    let mut trial = Trial::prepare();
    let counts = trial.run(28);
    assert!(counts.mutations >= 26);
    counts.assert_none();
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_damage_of_a_store() {
    let mut trial = Trial::prepare();
    let counts = trial.run(266);
    assert!(counts.mutations >= 250, "{}", counts.mutations);
    counts.assert_none();
}

/// Not a test of the program: the trial would notice.
#[test]
fn the_trial_has_files_of_every_kind() {
    let trial = Trial::prepare();
    let all = files(&trial.store());
    for (kind, is_of) in KINDS {
        let some = all
            .iter()
            .any(|path: &PathBuf| is_of(Path::new(path).to_str().unwrap()));
        assert!(some || kind == "work", "{kind}");
    }
}
