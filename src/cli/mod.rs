//! The command line: flags into calls. The only room that reads the environment.
//!
//! stdout is data, stderr is talk.

mod accept;
mod draft;
mod dump;
mod expected;
mod landing;
mod layers;
mod plan;
mod reader;
mod reference;
mod releases;
mod run;
mod schema;
mod stop;
mod threads;

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::styling::Styles;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;

pub use dump::keep_to_itself;

use crate::error::{Error, chain};
use crate::feature::{Veil, visible, visible_json};
use crate::fetch::http::{ClientSettings, Proxies};
use crate::plan::{Overrides, Plan, Variables};
use crate::report::{LogFormat, Logging};
use crate::spec::Diagnostic;

const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    internal error
  2    wrong command line
  3    the pipeline or a schema has mistakes
  4    no layer succeeded, or a source of jurisdictions failed: nothing published
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
    /// Make an earlier release the latest
    Rollback(releases::Rollback),
    /// List a pipeline's layers and what the last release holds of them
    Layers(layers::Layers),
    /// Print a release's counts per layer and state as a file of expected counts, to be reviewed
    Expected(expected::Expected),
    /// Draft a schema and a pipeline for a file, to be edited
    Draft(draft::Draft),
    /// Print the JSON Schema of layer schemas, blocks or pipelines, for editors
    Schema(schema::Schema),
    /// Read one source in a process of its own
    #[command(hide = true)]
    ReadSource(reader::ReadSource),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

impl Cli {
    /// −1 quiet, 0 normal, 1 and more debug.
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
        threads::bound(self.threads)?;
        crate::source::init();
        let out = &mut Output {
            format: self.format,
            veil: logging.veil().clone(),
            out,
        };
        let done = self.dispatch(logging, out);
        match &done {
            Err(error) if out.is_json() => {
                // Where that can't be printed either, the failure itself is what stderr and the exit code tell.
                drop(out.print(&failure(error), String::new));
                done
            }
            _ => done,
        }
    }

    fn dispatch(&self, logging: &Logging, out: &mut Output<'_>) -> Result<u8, Error> {
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
            Command::Layers(command) => command.run(out),
            Command::Expected(command) => command.run(out),
            Command::Draft(command) => command.run(out),
            Command::Schema(command) => command.run(out),
            Command::ReadSource(reader::ReadSource {}) => reader::ReadSource::run(),
        }
    }
}

/// A failure for programs; the mistakes as `check` prints them.
fn failure(error: &Error) -> serde_json::Value {
    let mistakes = match error {
        Error::Spec { diagnostics } => crate::spec::findings(diagnostics),
        _ => Vec::new(),
    };
    json!({ "error": chain(error), "exit": error.exit(), "mistakes": mistakes })
}

/// A pipeline file and what the command line changes of it.
#[derive(Debug, Args)]
struct Pipeline {
    /// Pipeline file
    #[arg(value_name = "PIPELINE")]
    file: PathBuf,
    /// Only this layer (repeatable)
    #[arg(long, value_name = "ID")]
    layer: Vec<String>,
    /// Only the first N rows of each layer
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Store folder instead of the pipeline's
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

impl Pipeline {
    /// Whether only some layers or rows are wanted.
    fn is_partial(&self) -> bool {
        !self.layer.is_empty() || self.limit.is_some()
    }

    /// The plan, with warnings shown.
    fn plan(&self, veil: &Veil) -> Result<Plan, Error> {
        let (plan, warnings) = self.load(veil)?;
        crate::report::problems(&warnings);
        Ok(plan)
    }

    fn load(&self, veil: &Veil) -> Result<(Plan, Vec<Diagnostic>), Error> {
        load(&self.file, &self.layer, self.limit, self.store.as_deref(), veil)
    }
}

fn load(
    file: &Path,
    layers: &[String],
    limit: Option<u64>,
    store: Option<&Path>,
    veil: &Veil,
) -> Result<(Plan, Vec<Diagnostic>), Error> {
    #[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
    let variables = Variables(|name| std::env::var(name).ok());
    let overrides = Overrides {
        store: store.map(Path::to_owned),
        layers: layers.to_vec(),
        rows: limit,
        products: crate::run::products(),
        variables,
    };
    let loaded = crate::plan::load(file, &overrides).map_err(|diagnostics| Error::Spec { diagnostics })?;
    for (value, shown) in loaded.0.secrets() {
        veil.add(value.reveal(), &shown);
    }
    Ok(loaded)
}

/// How servers are asked: by the proxies that the environment names, as other programs take them.
fn client_settings(veil: &Veil) -> ClientSettings {
    #[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
    let named = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    };
    // A web server hands a header `Proxy` on as `HTTP_PROXY`: nothing that it starts may be led astray by one.
    let is_cgi = named(&["REQUEST_METHOD"]).is_some();
    let http = if is_cgi { "http_proxy" } else { "HTTP_PROXY" };
    let proxies = Proxies {
        http: named(&["http_proxy", http, "all_proxy", "ALL_PROXY"]),
        https: named(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        except: named(&["no_proxy", "NO_PROXY"]),
    };
    for address in [&proxies.http, &proxies.https]
        .into_iter()
        .flatten()
        .filter(|address| address.contains('@'))
    {
        veil.add(address, "(the proxy)");
    }
    ClientSettings {
        proxies,
        veil: veil.clone(),
        ..ClientSettings::default()
    }
}

/// stdout, as text or JSON: without secrets, and with nothing in it that can't be seen.
struct Output<'a> {
    format: Format,
    veil: Veil,
    out: &'a mut dyn Write,
}

impl Output<'_> {
    fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    fn line(&mut self, text: &str) -> Result<(), Error> {
        let lines: Vec<Cow<'_, str>> = text.split('\n').map(|line| self.veil.own(line)).collect();
        self.raw(&visible(&lines.join("\n")))
    }

    fn raw(&mut self, text: &str) -> Result<(), Error> {
        match writeln!(self.out, "{text}") {
            // A reader that has seen enough changes nothing of how the command went.
            Err(source) if source.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => done.map_err(|source| Error::Output { done: None, source }),
        }
    }

    /// `value` as JSON, or `text`.
    fn print(&mut self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Error> {
        if !self.is_json() {
            return self.line(text().trim_end());
        }
        let failed = |source: serde_json::Error| Error::Output {
            done: None,
            source: source.into(),
        };
        let json = serde_json::to_string_pretty(value).map_err(failed)?;
        if self.veil.is_empty() {
            return self.raw(&visible_json(&json));
        }
        let plain = serde_json::to_value(value).map_err(failed)?;
        let hidden = self.veil.over_json(plain.clone());
        // Only where there is something to hide is the order of members not that of the value.
        let json = if hidden == plain {
            json
        } else {
            serde_json::to_string_pretty(&hidden).map_err(failed)?
        };
        self.raw(&visible_json(&json))
    }
}
