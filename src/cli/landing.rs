//! `cikr fetch` and `cikr landing`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::client::client_settings_hiding_proxies;
use super::output::Output;
use super::pipeline::load_plan;
use super::stop;
use super::store::{open_store, store_error};
use crate::error::{Error, exit};
use crate::report::{self, Logging, Reporter, human_size};
use crate::run::{self, AgedCopy, FetchReport, FetchedSource, LandingRetention, SourceStatus};
use crate::store::Store;

const FETCH_EXAMPLES: &str = "\
Examples:
  cikr fetch pipelines/national.toml               land what is new; exit code 5 where a source failed
  cikr fetch pipelines/national.toml --layer dams  one layer
  cikr run pipelines/national.toml --offline       make a release of what has landed";

const LANDING_EXAMPLES: &str = "\
Examples:
  cikr landing pipelines/national.toml                            what is landed, how old, and got how
  cikr landing out/national --keep 3 --keep-days 30 --dry-run     what a rule would remove
  cikr landing out/national --format json                         with each fetch record";

/// Land the sources of a pipeline, and make nothing of them.
#[derive(Debug, Args)]
#[command(after_help = FETCH_EXAMPLES)]
pub(super) struct Fetch {
    /// Pipeline file
    #[arg(value_name = "PIPELINE")]
    file: PathBuf,
    /// Only this layer (repeatable); polygon sets are fetched in any case
    #[arg(long, value_name = "ID")]
    layer: Vec<String>,
    /// Store folder instead of the pipeline's
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

impl Fetch {
    pub(super) fn run(&self, logging: &Logging, quiet: bool, out: &mut Output<'_>) -> Result<u8, Error> {
        stop::tell_of_signals(logging)?;
        let (plan, warnings) = load_plan(&self.file, &self.layer, None, self.store.as_deref(), &out.veil)?;
        report::show_mistakes(&warnings);
        let store = Store::open(&plan.store).map_err(store_error)?;
        let fetched = run::fetch_sources(
            &plan,
            &store,
            &client_settings_hiding_proxies(&out.veil),
            &Reporter::new(logging.bars(), quiet),
        )?;
        out.print(&fetched, || fetch_summary(&fetched))?;
        Ok(match (fetched.is_usable(), fetched.is_complete()) {
            (false, _) => exit::SOURCE,
            (true, false) => exit::INCOMPLETE,
            (true, true) => exit::OK,
        })
    }
}

fn fetch_summary(fetched: &FetchReport) -> String {
    let sources: Vec<&FetchedSource> = fetched.jurisdictions.iter().chain(&fetched.layers).collect();
    let widest = sources.iter().map(|source| source.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for source in &sources {
        let bytes = source.bytes.map_or_else(String::new, human_size);
        let _ = writeln!(
            text,
            "{:widest$}  {bytes:>10}  {}",
            source.id,
            what_became(source)
        );
    }
    let _ = write!(
        text,
        "{} new, {} unchanged, {} failed",
        count_of(SourceStatus::New, &sources),
        count_of(SourceStatus::Unchanged, &sources),
        count_of(SourceStatus::Failed, &sources)
    );
    text
}

fn count_of(status: SourceStatus, sources: &[&FetchedSource]) -> usize {
    sources.iter().filter(|source| source.status == status).count()
}

fn what_became(source: &FetchedSource) -> String {
    match source.status {
        SourceStatus::New => "new".to_owned(),
        SourceStatus::Unchanged => {
            format!(
                "unchanged since {}",
                source.landed_at.as_deref().unwrap_or_default()
            )
        }
        SourceStatus::Failed => format!("FAILED: {}", source.reason.as_deref().unwrap_or_default()),
    }
}

/// List what is landed and how old it is, or prune it.
#[derive(Debug, Args)]
#[command(after_help = LANDING_EXAMPLES)]
pub(super) struct Landing {
    /// Store folder, or a pipeline file that names it
    #[arg(value_name = "PIPELINE|STORE")]
    at: PathBuf,
    /// Prune: keep the newest N copies of each source, and whatever a release or `--offline` needs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    /// Prune: keep copies landed in the last D days, and whatever a release or `--offline` needs
    #[arg(long, value_name = "D")]
    keep_days: Option<u32>,
    /// Only tell what would be pruned
    #[arg(long)]
    dry_run: bool,
}

impl Landing {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let store = open_store(&self.at)?;
        if self.keep.is_none() && self.keep_days.is_none() {
            if self.dry_run {
                tracing::warn!("--dry-run has nothing to tell without --keep or --keep-days");
            }
            let copies = run::aged_landings(&store)?;
            out.print(&copies, || copies_table(&copies, "nothing is landed yet"))?;
            return Ok(exit::OK);
        }
        let newest = self.keep.map(usize::from);
        let pruned = run::prune_landing(
            &store,
            LandingRetention {
                newest,
                days: self.keep_days,
                is_dry: self.dry_run,
            },
        )?;
        let bytes: u64 = pruned.iter().map(|aged| aged.copy.bytes).sum();
        let value = json!({ "dry_run": self.dry_run, "bytes": bytes, "pruned": pruned });
        out.print(&value, || {
            let verb = if self.dry_run { "would be pruned" } else { "pruned" };
            let total = format!("{} copies of {} {verb}", pruned.len(), human_size(bytes));
            format!("{}{total}", copies_table(&pruned, ""))
        })?;
        Ok(exit::OK)
    }
}

fn copies_table(copies: &[AgedCopy], none: &str) -> String {
    if copies.is_empty() {
        return none.to_owned();
    }
    let widest = copies.iter().map(|aged| aged.copy.id.len()).max().unwrap_or(0);
    let mut text = format!(
        "{:widest$}  {:>8}  {:>8}  {:>10}  {:>9}  {:<10}  {:<12}  {:<8}  source\n",
        "source of", "age", "checked", "size", "rows", "last edit", "sha256", "got by"
    );
    for aged in copies {
        let copy = &aged.copy;
        let fetch = copy.fetch.as_ref();
        let rows = fetch
            .and_then(|fetch| fetch.rows)
            .map_or_else(String::new, |rows| rows.to_string());
        let edit = fetch
            .and_then(|fetch| fetch.last_edit)
            .and_then(run::day_of_ms)
            .unwrap_or_default();
        let method = fetch.map_or("copy", |fetch| fetch.method.as_str());
        let checked = aged.checked_s.map_or_else(String::new, human_age);
        let id = &copy.id;
        let age = human_age(aged.age_s);
        let bytes = human_size(copy.bytes);
        let sha256 = copy.sha256.get(..12).unwrap_or_default();
        let _ = writeln!(
            text,
            "{id:widest$}  {age:>8}  {checked:>8}  {bytes:>10}  {rows:>9}  {edit:<10}  {sha256:<12}  {method:<8}  {}",
            copy.source
        );
    }
    text
}

/// Seconds for people, in the largest unit that fits twice.
fn human_age(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = units.into_iter().find(|(length, _)| seconds >= 2 * length);
    unit.map_or_else(
        || format!("{seconds} s"),
        |(length, name)| format!("{} {name}", seconds / length),
    )
}
