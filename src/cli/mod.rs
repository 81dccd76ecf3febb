//! The command line: flags into calls. The only room that reads the environment.
//!
//! stdout is data, stderr is talk.

mod accept;
mod changes;
mod client;
mod draft;
mod dump;
mod expected;
mod export;
mod inspect;
mod landing;
mod latest;
mod layers;
mod locate;
mod locate_sets;
mod output;
mod pipeline;
mod plan;
mod query;
mod query_account;
mod query_table;
mod reader;
mod reference;
mod releases;
mod run;
mod schema;
mod selection;
mod serve;
mod stop;
mod store;
mod sync;
mod threads;
mod tiles;
mod urls;

use std::io::Write;

use clap::builder::styling::Styles;
use clap::{Parser, Subcommand};
use serde_json::json;

pub use dump::forbid_core_dumps;

use self::output::{Format, Output};
use crate::error::{Error, error_chain};
use crate::report::{LogFormat, Logging};

const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    internal error
  2    wrong command line
  3    the pipeline or a schema has mistakes
  4    no layer succeeded, or a source of jurisdictions failed: nothing published; `draft` or `locate` can't read a file
  5    published, but a layer is missing or stale, or more counts than `unmet-counts` aren't as expected
  6    the store can't be read or written
  7    verify found problems, or repair left some
  8    done, but the result can't be written to standard output
  130  interrupted (143: by SIGTERM); the next run goes on from the pages that have landed";

const EXAMPLES: &str = "\
Examples:
  cikr run pipelines/demo.toml                   make and publish a release
  cikr run pipelines/demo.toml --layer dams      one layer alone, into a store of its own:
      --store /tmp/dams --limit 1000
  cikr check pipelines/*.toml                    every mistake, with file:line:column
  cikr verify out/demo                           re-check the latest release
  cikr export out/demo --layer hospitals --state TX -o tx.gpkg   all hospitals in Texas, for QGIS
  cikr query out/demo --layer dams --near=-95.4,29.8 --k 10      the ten nearest dams; of a URL, too
  cikr locate new.csv --to us_counties.gpkg      how many rows each county has; -o FILE adds its code to each
  cikr sync https://data.example.org/cikr /srv/cikr   a regional team's copy: what differs is fetched
  cikr draft new.csv --into .                    a schema and a pipeline to edit
  cikr schema layer > schemas/layer.schema.json  what editors complete and check it by";

/// Takes stock of a nation's critical infrastructure: facility layers in, `GeoParquet` tiles for regional teams out.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), styles = Styles::styled())]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How results, and failures, are printed on stdout
    #[arg(long, global = true, value_enum, default_value = "text")]
    format: Format,
    /// How log lines are printed on stderr
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// More log lines (debug)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Only warnings and errors, no progress
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Threads to use [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a release and publish it
    Run(run::Run),
    /// Land a pipeline's sources, and make nothing of them
    Fetch(landing::Fetch),
    /// List what is landed and how old it is, or prune it
    Landing(landing::Landing),
    /// Report every mistake in pipelines and their schemas
    Check(plan::Check),
    /// Show what a run would do, with every default applied
    Plan(plan::Show),
    /// Accept a change of a source that the gate held back
    Accept(accept::Accept),
    /// Re-check a release: checksums, sums and laws
    Verify(releases::Verify),
    /// Find what is damaged in a store, and mend what can be mended
    Repair(releases::Repair),
    /// List the releases of a store
    Releases(releases::List),
    /// Tell what differs between two releases that are kept
    Changes(changes::Changes),
    /// Make an earlier release the latest, and have it stay so
    Rollback(latest::Rollback),
    /// Show which release is the latest, or have it follow the nights again after a rollback
    Latest(latest::ShowLatest),
    /// Keep a release for good, under a name where one is given
    Pin(latest::Pin),
    /// Let a pinned release go with the others of its age
    Unpin(latest::Unpin),
    /// Print where every tile of a release is, for a server of the store's `public` folder
    Urls(urls::Urls),
    /// List a pipeline's layers and what the last release holds of them
    Layers(layers::Layers),
    /// Print a release's counts per layer and state as a file of expected counts, to be reviewed
    Expected(expected::Expected),
    /// Write rows of a release for other tools: GeoPackage, FlatGeobuf, GeoJSON, CSV, Shapefile
    Export(export::Export),
    /// Ask a release, on this machine or behind a URL: a window, what is near, what is in a jurisdiction
    Query(query::Query),
    /// Write a layer of a release as vector tiles for maps in a browser
    Tiles(tiles::Tiles),
    /// Show the tree of a tile: boxes, rows, fill, overlap, bytes of columns, and what a window would read
    Inspect(inspect::Inspect),
    /// Tell which county, state or any other polygon each row of a file is in; no pipeline needed
    Locate(locate::Locate),
    /// Take over the latest release of a store behind a web server, fetching only what differs
    Sync(sync::Sync),
    /// Answer for a store over HTTP: its files, its facilities (OGC API – Features), its catalog (STAC API)
    Serve(serve::Serve),
    /// Draft a schema and a pipeline for a file, to be edited
    Draft(draft::Draft),
    /// Print the JSON Schema of layer schemas, blocks or pipelines, for editors
    Schema(schema::Schema),
    /// Read one source in a process of its own
    #[command(hide = true)]
    ReadSource(reader::ReadSource),
}

impl Cli {
    /// −1 quiet, 0 normal, 1 and more debug.
    ///
    /// ```
    /// use cikr::cli::Cli;
    /// use clap::Parser;
    ///
    /// let quiet = Cli::try_parse_from(["cikr", "--quiet", "releases"]).unwrap();
    /// assert_eq!(quiet.verbosity(), -1);
    /// let talkative = Cli::try_parse_from(["cikr", "-vv", "releases"]).unwrap();
    /// assert_eq!(talkative.verbosity(), 2);
    /// ```
    pub fn verbosity(&self) -> i8 {
        if self.quiet {
            -1
        } else {
            i8::try_from(self.verbose).unwrap_or(i8::MAX)
        }
    }

    /// Runs the command; the exit code says how it went.
    ///
    /// # Errors
    /// When the command fails.
    pub fn run(&self, logging: &Logging, out: &mut dyn Write) -> Result<u8, Error> {
        // First of all: pools are made at their first use, and this may start the program again.
        threads::bound_pools(self.threads)?;
        if self.format.is_of_rows_alone() && !matches!(self.command, Command::Query(_)) {
            return Err(Error::ExportTarget {
                what: "only `cikr query` prints rows in that format: elsewhere --format is text or json"
                    .to_owned(),
            });
        }
        crate::source::init();
        let out = &mut Output {
            format: self.format,
            veil: logging.veil().clone(),
            out,
        };
        let done = self.run_command(logging, out);
        match &done {
            Err(error) if out.is_json() => {
                // Where that can't be printed either, the failure itself is what stderr and the exit code tell.
                drop(out.print(&failure_json(error), String::new));
                done
            }
            _ => done,
        }
    }

    fn run_command(&self, logging: &Logging, out: &mut Output<'_>) -> Result<u8, Error> {
        match &self.command {
            Command::Run(command) => command.run(logging, self.quiet, out),
            Command::Fetch(command) => command.run(logging, self.quiet, out),
            Command::Landing(command) => command.run(out),
            Command::Check(command) => command.run(out),
            Command::Plan(command) => command.run(out),
            Command::Accept(command) => command.run(out),
            Command::Verify(command) => command.run(out),
            Command::Repair(command) => command.run(out),
            Command::Releases(command) => command.run(out),
            Command::Rollback(command) => command.run(out),
            Command::Changes(command) => command.run(out),
            Command::Latest(command) => command.run(out),
            Command::Pin(command) => command.run(out),
            Command::Unpin(command) => command.run(out),
            Command::Urls(command) => command.run(out),
            Command::Layers(command) => command.run(out),
            Command::Expected(command) => command.run(out),
            Command::Export(command) => command.run(logging, self.quiet, out),
            Command::Query(command) => command.run(logging, out),
            Command::Tiles(command) => command.run(out),
            Command::Inspect(command) => command.run(out),
            Command::Locate(command) => command.run(logging, self.quiet, out),
            Command::Sync(command) => command.run(logging, self.quiet, out),
            Command::Serve(command) => command.run(out),
            Command::Draft(command) => command.run(out),
            Command::Schema(command) => command.run(out),
            Command::ReadSource(reader::ReadSource {}) => reader::ReadSource::run(),
        }
    }
}

/// A failure for programs; the mistakes as `check` prints them.
fn failure_json(error: &Error) -> serde_json::Value {
    let mistakes = match error {
        Error::Config { diagnostics } => crate::config::findings(diagnostics),
        _ => Vec::new(),
    };
    json!({ "error": error_chain(error), "exit": error.exit_code(), "mistakes": mistakes })
}
