//! `cikr changes`.

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::output::Output;
use super::store::StoreAt;
use crate::error::{Error, exit};
use crate::run::{self, ChangesFile, Compared, SinceRequest, change_json};

const EXAMPLES: &str = "\
Two kept releases are compared directly, whatever nights lie between them.

Examples:
  cikr changes --since 2026-11-01                    the last release of that day or before, with the latest
  cikr changes --since v2026.10 --to v2026.11        two that `cikr pin` has named
  cikr changes --since v2026.10 --layer dams -o dams.csv";

/// What differs between two releases: layer, facility, field, old and new value, and how far it has moved
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Changes {
    /// The earlier release: an id, a name, or a day such as 2026-11-01
    #[arg(long, value_name = "ID|NAME|DATE")]
    since: String,
    /// The later one: an id or a name
    #[arg(long, value_name = "ID|NAME", default_value = "latest")]
    to: String,
    /// Layers to compare [default: all]
    #[arg(long = "layer", value_name = "ID", value_delimiter = ',')]
    layers: Vec<String>,
    /// Where to write all that differs, by its extension: .csv, .json (an object a line) or .parquet
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "output")]
    force: bool,
    /// Rows to print where they aren't written to a file
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    store: StoreAt,
}

impl Changes {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let store = self.store.open()?;
        let request = SinceRequest {
            since: &self.since,
            to: &self.to,
            layers: &self.layers,
            scratch: &env::temp_dir(),
        };
        let mut file = self
            .output
            .as_deref()
            .map(|path| ChangesFile::begin(path, self.force))
            .transpose()?;
        let mut shown: Vec<Value> = Vec::new();
        let mut found = 0;
        let compared = run::compare_releases(&store, &request, &mut |layer, piece| {
            found += piece.num_rows();
            if let Some(file) = &mut file {
                return file.write(layer, piece);
            }
            let rows = piece.num_rows().min(self.limit - shown.len());
            shown.extend((0..rows).map(|row| change_json(layer, piece, row)));
            Ok(())
        })?;
        if let Some(file) = file {
            file.finish()?;
        }
        let value = json!({
            "since": compared.since,
            "to": compared.to,
            "layers": compared.layers,
            "rows": found,
            "changes": shown,
        });
        out.print(&value, || self.text(&compared, &shown, found))?;
        Ok(exit::OK)
    }

    fn text(&self, compared: &Compared, shown: &[Value], found: usize) -> String {
        let mut text = format!("{} → {}\n", compared.since, compared.to);
        for layer in &compared.layers {
            let told = match (&layer.changes, &layer.not_compared) {
                (Some(changes), _) => changes.counts_in_words(),
                (None, reason) => reason.clone().unwrap_or_default(),
            };
            let _ = writeln!(text, "{}: {told}", layer.layer);
        }
        for row in shown {
            let _ = writeln!(text, "{}", row_line(row));
        }
        if let Some(path) = &self.output {
            let _ = write!(text, "{found} rows in {}", path.display());
        } else if found > shown.len() {
            let _ = write!(text, "… and {} more: -o FILE.csv has all", found - shown.len());
        }
        text.trim_end().to_owned()
    }
}

fn row_line(row: &Value) -> String {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let mut line = format!("{}  {}  {}", text("layer"), text("change"), text("facility_id"));
    if let Some(name) = row["name"].as_str() {
        let _ = write!(line, "  {name}");
    }
    if let Some(field) = row["field"].as_str() {
        let [old, new] = ["old", "new"].map(|side| row[side].as_str().unwrap_or("null"));
        let _ = write!(line, "  {field}: {old} → {new}");
    }
    if let Some(moved) = row["distance_m"].as_f64() {
        let _ = write!(line, "  moved {moved:.1} m");
    }
    line
}
