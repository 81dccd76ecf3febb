//! The end of a run or a command, told to people.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::quality;
use super::registry::registry_line;
use crate::config::{self, Diagnostic};
use crate::error::{Error, error_chain};
use crate::feature::release::{ReleaseId, paths, product_names};
use crate::feature::{LayerChanges, LayerReport, RunReport, Standing, UNVERIFIED, Veil, visible};

/// So many folders above that of a release is its store: `<store>/public/releases/<id>`.
const STORE_ABOVE_RELEASE: usize = 3;

/// Tells why a command failed, on stderr: without secrets, and with nothing in it that can't be seen.
pub fn print_error(error: &Error, veil: &Veil) {
    if let Error::Config { diagnostics } = error {
        show_mistakes(diagnostics);
    }
    write_stderr(&format!(
        "error: {}\n",
        visible(&veil.mask_own_text(&error_chain(error)))
    ));
}

/// Shows mistakes of what people wrote, on stderr.
pub fn show_mistakes(diagnostics: &[Diagnostic]) {
    if !diagnostics.is_empty() {
        write_stderr(&format!(
            "{}\n",
            config::render(diagnostics, io::stderr().is_terminal())
        ));
    }
}

/// stderr may be closed; there is nobody left to tell then.
fn write_stderr(text: &str) {
    drop(io::stderr().write_all(text.as_bytes()));
}

/// The summary of a run: a line per layer, where the release lies, and a query to try.
pub fn run_summary(report: &RunReport, release: &Path) -> String {
    let mut text = String::new();
    let widest = report
        .layers
        .iter()
        .map(|layer| layer.id.as_str().len())
        .max()
        .unwrap_or(0)
        .max("layer".len());
    let memory = report.peak_memory_bytes.map_or_else(String::new, |bytes| {
        format!(", peak memory {}", human_size(bytes))
    });
    push_line(
        &mut text,
        &format!("{} — release {}\n", report.title, report.release),
    );
    push_line(
        &mut text,
        &format!(
            "{:widest$}  {:>9}  {:>9}  {:>8}  {:>9}  status",
            "layer", "read", "written", "rejected", "size"
        ),
    );
    for layer in &report.layers {
        push_line(&mut text, &layer_line(layer, widest));
    }
    let has_inventory = report.may_hold(product_names::INVENTORY);
    if has_inventory {
        push_line(&mut text, &inventory_line(report, widest));
    }
    for set in &report.jurisdictions {
        // Nothing in the lines of the layers shows that their facilities were placed by older boundaries.
        if let Some(stale) = &set.stale {
            push_line(
                &mut text,
                &format!("boundaries `{}`: an earlier copy stands in, {stale}", set.id),
            );
        }
    }
    if let Some(line) = registry_line(report) {
        push_line(&mut text, &line);
    }
    if let Some(quality) = &report.quality {
        push_line(&mut text, &format!("\n{}", quality::quality_lines(quality)));
    }
    push_line(&mut text, &format!("\n{:.1} s{memory}", report.seconds));
    push_places(&mut text, report, release, has_inventory);
    text
}

/// Where the release lies, what to look at first, and a query to try.
fn push_places(text: &mut String, report: &RunReport, release: &Path, has_inventory: bool) {
    push_line(text, &format!("release: {}", release.display()));
    if let Some(frozen) = &report.frozen {
        push_line(text, &frozen.to_string());
    }
    push_line(
        text,
        &format!("report: {}", release.join(paths::REPORT_PAGE).display()),
    );
    let map = report.product(product_names::MAP);
    if let Some(page) = map.and_then(|map| map["page"]["file"].as_str()) {
        // A browser shows it only as a server has it.
        let store = release.ancestors().nth(STORE_ABOVE_RELEASE).unwrap_or(release);
        push_line(
            text,
            &format!(
                "map: {}; to look at it: cikr serve {}",
                release.join(page).display(),
                store.display()
            ),
        );
    }
    // Without an inventory to ask, the largest layer: a query on it has something to show.
    let fullest = report.layers.iter().max_by_key(|layer| layer.rows_written);
    let layer = fullest
        .filter(|_| !has_inventory)
        .map(|layer| paths::layer_folder(layer.id.as_str()));
    push_line(text, "try, in DuckDB:");
    push_line(
        text,
        &sample_query(&release.join(layer.as_deref().unwrap_or(Path::new(paths::FACILITIES)))),
    );
}

fn push_line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}

fn layer_line(layer: &LayerReport, widest: usize) -> String {
    let status = status_words(layer);
    format!(
        "{:widest$}  {:>9}  {:>9}  {:>8}  {:>9}  {status}",
        layer.id,
        layer.rows_read,
        layer.rows_written,
        layer.rows_rejected,
        human_size(layer.bytes_out)
    )
}

fn status_words(layer: &LayerReport) -> String {
    let status = match &layer.standing {
        Standing::Published { unchanged_since } => published_words(layer, unchanged_since.as_ref()),
        Standing::Carried { reason, from, days } => {
            let age = days.map(|days| format!(", {days} d old")).unwrap_or_default();
            let from = from.as_ref().map_or("an earlier release", ReleaseId::as_str);
            format!("STALE, as in {from}{age}: {reason}")
        }
        Standing::Absent { reason } => format!("ABSENT: {reason}"),
    };
    // Behind the status, whatever it is: carried rows are of an unverified schema as much as new ones.
    let doubts = [
        (layer.unverified, UNVERIFIED),
        (layer.insecure_tls, "certificate not verified"),
    ];
    let doubts = doubts.into_iter().filter(|(is_so, _)| *is_so);
    doubts.fold(status, |status, (_, doubt)| format!("{status}; {doubt}"))
}

fn published_words(layer: &LayerReport, unchanged_since: Option<&ReleaseId>) -> String {
    let mut parts = vec![unchanged_since.map_or_else(
        || "published".to_owned(),
        |since| format!("unchanged since {since}"),
    )];
    if layer.rows_rejected > 0 {
        let reasons: Vec<String> = layer
            .rejects_by_reason
            .iter()
            .map(|(reason, rows)| format!("{reason} {rows}"))
            .collect();
        parts.push(format!("rejected: {}", reasons.join(", ")));
    }
    if layer.located.none > 0 {
        parts.push(format!("unassigned: {}", layer.located.none));
    }
    parts.extend(
        layer
            .changes
            .as_ref()
            .filter(|changes| changes.is_some())
            .map(changes_words),
    );
    parts.extend(missing_fields(layer));
    parts.extend(unread_fields(layer));
    parts.extend(empty_fields(layer));
    if let Some(gate) = &layer.gate {
        let accepted = gate
            .accepted
            .as_ref()
            .map(|by| format!("accepted by {}: {}", by.by, by.reason));
        parts.extend(accepted);
        let warnings = gate.warnings().count();
        parts.extend((warnings > 0).then(|| format!("source changes noted: {warnings}")));
    }
    parts.extend(repair_counts(layer));
    let flags: u64 = layer.flags.values().flat_map(|fields| fields.values()).sum();
    match (flags, layer.flags.len()) {
        (0, _) => {}
        (1, _) => parts.push("1 flag".to_owned()),
        (_, 1) => parts.push(format!("{flags} flags of 1 kind")),
        (_, kinds) => parts.push(format!("{flags} flags of {kinds} kinds")),
    }
    parts.join("; ")
}

/// What differs from the release before.
fn changes_words(changes: &LayerChanges) -> String {
    let columns = changes.remarks().len();
    let remarks = if columns > 0 {
        format!(" ({columns} remarks in the report)")
    } else {
        String::new()
    };
    format!("{}{remarks}", changes.counts_in_words())
}

/// Fields of the schema that the source lacks.
fn missing_fields(layer: &LayerReport) -> Option<String> {
    listed_fields("not in the source", layer.fields_missing.iter().cloned())
}

/// Fields of which the source has values, and none could be read.
fn unread_fields(layer: &LayerReport) -> Option<String> {
    let unread = layer.fields.iter().filter(|(_, counts)| counts.is_unread());
    listed_fields(
        "NOT ONE VALUE READ",
        unread.map(|(field, counts)| format!("{field} (of {})", counts.unparsed)),
    )
}

/// Other fields without a value.
fn empty_fields(layer: &LayerReport) -> Option<String> {
    // A field of which no value could be read is empty, too, and told of before.
    let others = layer
        .fields_empty
        .iter()
        .filter(|field| layer.fields.get(*field).is_none_or(|counts| !counts.is_unread()));
    listed_fields("empty in every row", others.cloned())
}

/// What holds for these fields, the first of them by name.
fn listed_fields(what: &str, fields: impl Iterator<Item = String>) -> Option<String> {
    const NAMED: usize = 3;
    let fields: Vec<String> = fields.collect();
    let named = fields
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match fields.len() {
        0 => None,
        all if all <= NAMED => Some(format!("{what}: {named}")),
        all => Some(format!("{what}: {named} and {} more fields", all - NAMED)),
    }
}

/// What reading has left out or repaired.
fn repair_counts(layer: &LayerReport) -> impl Iterator<Item = String> {
    let repairs = &layer.repairs;
    let counts = [
        ("heights left out", repairs.dropped_z),
        ("measures left out", repairs.dropped_m),
        ("rows read as Windows-1252", repairs.recoded),
        ("rows with odd quotes understood", repairs.requoted),
        ("rows with texts written as formulas", repairs.unwrapped),
        ("numbers that are none (NaN, Infinity), null", repairs.not_numbers),
        ("geometries mended", repairs.mended_parts),
        ("degenerate parts of geometries left out", repairs.dropped_parts),
        ("curves made straight", repairs.straightened),
        ("geometries generalised by the service", repairs.generalised),
    ];
    counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{what}: {count}"))
}

fn inventory_line(report: &RunReport, widest: usize) -> String {
    let rows = report.inventory_rows;
    let bytes = human_size(report.inventory_bytes);
    format!(
        "{:widest$}  {:>9}  {rows:>9}  {:>8}  {bytes:>9}  inventory of all layers",
        paths::FACILITIES,
        "",
        ""
    )
}

/// Bytes for people.
///
/// ```
/// assert_eq!(cikr::report::human_size(2048), "2.00 KiB");
/// ```
pub fn human_size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

fn sample_query(collection: &Path) -> String {
    // A quote in a path would end the text in SQL, so it is doubled there.
    let files = collection.join("data").join("*").join("*.parquet");
    format!(
        "  SELECT sector_code, region, count(*) AS facilities\n  FROM read_parquet('{}', hive_partitioning = true)\n  GROUP BY ALL ORDER BY facilities DESC;",
        files.display().to_string().replace('\'', "''")
    )
}
