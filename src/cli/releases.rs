//! `cikr releases`, `cikr verify` and `cikr repair`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::output::Output;
use super::store::{StoreAt, is_release, is_store, open_store, release_folder, store_error};
use crate::error::{Error, exit};
use crate::report::human_size;
use crate::run;
use crate::store::{self, ReleaseInfo};
use crate::verify::{self, Verified};

/// List the releases of a store.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    store: StoreAt,
}

impl List {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let releases = self.store.open()?.releases().map_err(store_error)?;
        out.print(&releases, || releases_table(&releases))?;
        Ok(exit::OK)
    }
}

/// Re-check a release: checksums, sums and laws.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Folder of a release, a store (its latest release, and `latest.json`), or a release's id or name with --store
    release: PathBuf,
    #[command(flatten)]
    store: StoreAt,
    /// What is landed in the store, too: every copy against its digests
    #[arg(long)]
    landing: bool,
}

impl Verify {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let is_store = !is_release(&self.release) && is_store(&self.release);
        let mut verified = if is_store {
            verify::verify_store(&open_store(&self.release)?)?
        } else {
            verify::verify(&release_folder(&self.release, &self.store)?)?
        };
        if self.landing {
            let store = if is_store {
                open_store(&self.release)?
            } else {
                self.store.open()?
            };
            verified = verified.with_landing(&store)?;
        }
        out.print(&verified, || verdict_text(&verified))?;
        Ok(if verified.problems.is_empty() {
            exit::OK
        } else {
            exit::PROBLEMS
        })
    }
}

/// Find what is damaged in a store, and mend what can be mended.
#[derive(Debug, Args)]
#[command(after_help = REPAIR_HELP)]
pub(super) struct Repair {
    /// Store folder, or a pipeline file that names it
    #[arg(value_name = "PIPELINE|STORE")]
    at: PathBuf,
    /// Only tell what is damaged, and what would be done
    #[arg(long)]
    dry_run: bool,
}

const REPAIR_HELP: &str = "\
Everything is read: releases, landed copies, records. `latest.json` is made again where it leads nowhere; damaged copies
of sources are set aside (`.damaged`), so that the next run fetches them; damaged files of releases are linked from
another release that has the same bytes whole. Exit code 7 where something stays damaged.";

impl Repair {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let store = open_store(&self.at)?;
        let lock = store.lock().map_err(store_error)?;
        let found = store.repair(&lock, self.dry_run).map_err(store_error)?;
        let left = found
            .iter()
            .filter(|found| self.dry_run || found.done.is_none())
            .count();
        if !self.dry_run && left < found.len() {
            run::write_feed(&store, &lock);
        }
        let value = json!({ "dry_run": self.dry_run, "damaged": found.len(), "left": left, "found": found });
        out.print(&value, || self.findings_text(&found))?;
        Ok(if left == 0 { exit::OK } else { exit::PROBLEMS })
    }

    fn findings_text(&self, found: &[store::Repair]) -> String {
        if found.is_empty() {
            return "nothing is damaged".to_owned();
        }
        let mut text = String::new();
        for store::Repair { path, what, done } in found {
            let done = done.as_deref().unwrap_or("CAN'T BE MENDED");
            let _ = writeln!(text, "{path}: {what}: {done}");
        }
        let mended = found.iter().filter(|found| found.done.is_some()).count();
        let verb = if self.dry_run { "would be mended" } else { "mended" };
        let _ = write!(text, "{} damaged, {mended} {verb}", found.len());
        text
    }
}

fn releases_table(releases: &[ReleaseInfo]) -> String {
    let mut text = String::new();
    for release in releases {
        let mark = marks_of(release);
        let id = &release.id;
        let rows = release.rows;
        let bytes = human_size(release.bytes);
        let _ = writeln!(
            text,
            "{id}  {:>5} tiles  {rows:>10} rows  {bytes:>10}{mark}",
            release.tiles
        );
    }
    if text.is_empty() {
        "no release yet".to_owned()
    } else {
        text
    }
}

/// What is special about a release, behind its line.
fn marks_of(release: &ReleaseInfo) -> String {
    let pinned = release.pin.as_ref().map(|pin| match &pin.name {
        Some(name) => format!("pinned as {name}"),
        None => "pinned".to_owned(),
    });
    let marks = [
        (release.is_latest, "latest".to_owned()),
        (release.is_frozen, "frozen".to_owned()),
        (pinned.is_some(), pinned.unwrap_or_default()),
        (!release.changed, "no change".to_owned()),
    ];
    let told: Vec<String> = marks
        .into_iter()
        .filter_map(|(is_so, mark)| is_so.then_some(mark))
        .collect();
    if told.is_empty() {
        return String::new();
    }
    format!("  {}", told.join(", "))
}

fn verdict_text(verified: &Verified) -> String {
    let mut text = String::new();
    for problem in &verified.problems {
        let _ = writeln!(text, "{}: {}", problem.path.display(), problem.what);
    }
    let verdict = match verified.problems.len() {
        0 => "sound".to_owned(),
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    let _ = write!(
        text,
        "release {}: {verdict}; {} tiles hold {} rows, the inventory's among them",
        verified.release, verified.tiles, verified.rows
    );
    if let Some(digest) = &verified.data_sha256 {
        let _ = write!(text, "\ndata sha256: {digest}");
    }
    text
}
