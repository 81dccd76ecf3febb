//! The release's `README.md`: what it holds, what failed, how to query it, what every column means.
//!
//! Pure: text out of plan, report and collections.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::items::status;
use super::{Collection, ColumnDoc, changes, distinct, quality};
use crate::feature::{FlagCode, Flags, LayerReport, LayerStatus, ProductDoc, RunReport, visible};
use crate::plan::Plan;

/// The text of `README.md`.
pub(super) fn readme(
    plan: &Plan,
    report: &RunReport,
    collections: &[Collection<'_>],
    products: &[ProductDoc],
) -> String {
    let mut text = String::new();
    write_all(&mut text, plan, report, (collections, products)).expect("a string takes any text");
    text
}

fn write_all(
    out: &mut String,
    plan: &Plan,
    report: &RunReport,
    (collections, products): (&[Collection<'_>], &[ProductDoc]),
) -> fmt::Result {
    writeln!(out, "# {}\n", prose(&plan.title))?;
    described(out, &plan.description)?;
    writeln!(
        out,
        "Release `{}` of pipeline `{}`, made by cikr {} from {}. GeoParquet 1.1 tiles by region, longitude and\n\
         latitude (OGC:CRS84), described as STAC 1.1 in `catalog.json`.\n",
        report.release, report.pipeline, report.cikr_version, report.started
    )?;
    folders(out, products)?;
    layers(out, plan, report)?;
    doubts(out, report)?;
    gate(out, report)?;
    changes::changes(out, report)?;
    flags(out, report)?;
    boundaries(out, report)?;
    queries(out, collections)?;
    if let Some(found) = &report.quality {
        quality::quality(out, found)?;
    }
    let mut tables = products.iter().flat_map(|product| product.tables).peekable();
    if tables.peek().is_some() {
        writeln!(out, "## Tables\n")?;
        tables.try_for_each(|table| quality::table(out, table))?;
    }
    writeln!(out, "## Columns\n")?;
    collections
        .iter()
        .try_for_each(|collection| columns(out, collection))
}

fn folders(out: &mut String, products: &[ProductDoc]) -> fmt::Result {
    let places = products.iter().flat_map(|product| product.places);
    let places: Vec<String> = places
        .map(|(path, what)| format!("| `{path}` | {what} |\n"))
        .collect();
    let places = places.concat();
    write!(
        out,
        "| path | what |\n|---|---|\n\
         | `layers/<layer>/` | one layer: shared columns, its own attributes, full geometry |\n\
         | `…/data/region=<code>/` | tiles of one region; each feature stands once, `unassigned` outside every region |\n\
         | `…/items.parquet`, `…/stac/` | one row, one STAC item per tile: box, rows, bytes, SHA-256 |\n\
         | `urls.txt` | where every tile is, a line each |\n\
         | `rejects/<layer>.parquet` | rows kept out, with origin, field, value and reason |\n\
         | `quality/flags/<layer>.parquet` | what is doubtful about published rows: facility, origin, field, value, flag, detail |\n\
         {places}\
         | `reference/*.parquet` | sectors, their schemes and crosswalks, regions, jurisdictions and other tables as used |\n\
         | [`report.html`](report.html) | what became of the run, for people: failures, changes, rejects, a map |\n\
         | `report.json`, `manifest.json` | what became of the run; bytes and SHA-256 of every file |\n\n",
    )
}

fn layers(out: &mut String, plan: &Plan, report: &RunReport) -> fmt::Result {
    out.write_str("## Layers\n\n| layer | title | status | rows | rejected | tiles | licence |\n|---|---|---|---:|---:|---:|---|\n")?;
    for state in &report.layers {
        let about = plan
            .layers
            .iter()
            .find(|layer| layer.id.as_str() == state.id)
            .map(|layer| &layer.schema);
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            state.id,
            about.map(|schema| cell(&schema.label())).unwrap_or_default(),
            status(state.status),
            state.rows_written,
            state.rows_rejected,
            state.tiles,
            about.map(|schema| cell(&schema.licence)).unwrap_or_default(),
        )?;
    }
    if plan.makes("inventory") {
        writeln!(
            out,
            "\nThe inventory `facilities` holds {} rows.",
            report.inventory_rows
        )?;
    }
    writeln!(out)?;
    let failed: Vec<_> = report
        .layers
        .iter()
        .filter(|layer| layer.status != LayerStatus::Published)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Layers that failed in this run\n")?;
    failed.into_iter().try_for_each(|layer| failure(out, layer))?;
    writeln!(out)
}

fn failure(out: &mut String, layer: &LayerReport) -> fmt::Result {
    let reason = prose(layer.reason.as_deref().unwrap_or("no reason was recorded"));
    let age = layer
        .carried_days
        .map(|days| format!(" ({days} {} old)", if days == 1 { "day" } else { "days" }));
    let age = age.unwrap_or_default();
    match (layer.status, &layer.carried_from) {
        (LayerStatus::Absent, _) => writeln!(out, "- `{}` is absent: {reason}", layer.id),
        (_, Some(release)) => {
            writeln!(
                out,
                "- `{}` is carried from release `{release}`{age}: {reason}",
                layer.id
            )
        }
        (_, None) => writeln!(
            out,
            "- `{}` is carried from an earlier release: {reason}",
            layer.id
        ),
    }
}

/// What can't be known of the layers' rows.
fn doubts(out: &mut String, report: &RunReport) -> fmt::Result {
    if report.layers.iter().all(|layer| layer.doubts.is_empty()) {
        return Ok(());
    }
    writeln!(out, "### Doubts about the sources\n")?;
    for layer in &report.layers {
        layer
            .doubts
            .iter()
            .try_for_each(|doubt| writeln!(out, "- `{}`: {}", layer.id, prose(doubt)))?;
    }
    writeln!(out)
}

/// A description as its author wrote it, without HTML.
fn described(out: &mut String, text: &str) -> fmt::Result {
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}\n", visible(&text.replace('<', "\\<")))
}

/// What the gate let through and people should know of.
fn gate(out: &mut String, report: &RunReport) -> fmt::Result {
    let judged = report
        .layers
        .iter()
        .filter_map(|layer| Some((layer, layer.gate.as_ref()?)));
    let told: Vec<_> = judged
        .filter(|(_, gate)| gate.accepted.is_some() || gate.warnings().next().is_some())
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Changes of the sources\n")?;
    for (layer, gate) in told {
        if let Some(accepted) = &gate.accepted {
            writeln!(
                out,
                "- `{}` was let through, accepted by {} at {}: {}. It would have been held back for: {}",
                layer.id,
                prose(&accepted.by),
                accepted.at,
                prose(&accepted.reason),
                prose(&gate.reds())
            )?;
        }
        for warning in gate.warnings() {
            writeln!(out, "- `{}`: {}", layer.id, prose(&warning.what))?;
        }
    }
    writeln!(out)
}

/// What is doubtful about the rows, layer by layer, and what the codes mean.
fn flags(out: &mut String, report: &RunReport) -> fmt::Result {
    let present: BTreeSet<&String> = report
        .layers
        .iter()
        .flat_map(|layer| layer.flags.keys())
        .collect();
    if present.is_empty() {
        return Ok(());
    }
    out.write_str(
        "## Flags\n\nA flag stands beside a row that is published all the same; `quality/flags/<layer>.parquet` has them.\n\n\
         | layer | flag | fields |\n|---|---|---|\n",
    )?;
    for layer in &report.layers {
        for (code, fields) in &layer.flags {
            let fields: Vec<String> = fields
                .iter()
                .map(|(field, count)| format!("{field} {count}"))
                .collect();
            let cut = if layer.flags_truncated.contains(code) {
                format!("; the first {} are in the table", Flags::KEPT)
            } else {
                String::new()
            };
            writeln!(out, "| `{}` | `{code}` | {}{cut} |", layer.id, fields.join(", "))?;
        }
    }
    out.write_str("\n| flag | the row has |\n|---|---|\n")?;
    for code in FlagCode::ALL
        .iter()
        .filter(|code| present.iter().any(|name| *name == code.code()))
    {
        writeln!(out, "| `{}` | {} |", code.code(), code.meaning())?;
    }
    writeln!(out)
}

fn boundaries(out: &mut String, report: &RunReport) -> fmt::Result {
    if report.jurisdictions.is_empty() {
        return Ok(());
    }
    out.write_str(
        "## Boundaries\n\n| set | vintage | polygons | agency | licence |\n|---|---|---:|---|---|\n",
    )?;
    for set in &report.jurisdictions {
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |",
            set.id,
            cell(&set.vintage),
            set.polygons,
            cell(&set.agency),
            cell(&set.licence)
        )?;
    }
    for set in &report.jurisdictions {
        if let Some(stale) = &set.stale {
            write!(
                out,
                "\nOf `{}` an earlier copy stands in, {}\n",
                set.id,
                prose(stale)
            )?;
        }
    }
    writeln!(out)
}

/// Queries that can be pasted from this folder; they name a region that has a tile.
fn queries(out: &mut String, collections: &[Collection<'_>]) -> fmt::Result {
    let Some((collection, tile)) = collections.iter().find_map(|c| Some((c, c.tiles.first()?))) else {
        return Ok(());
    };
    let (base, region) = (collection.base(), tile.region.as_str());
    let [west, south, east, north] = middle(tile.extent);
    writeln!(
        out,
        r#"## Queries

Run them from this folder. Filters on `region` read one folder; filters on `bbox` skip row groups.

DuckDB:
```sql
SELECT facility_id, name, county_fips
FROM read_parquet('{base}/data/*/*.parquet', hive_partitioning = true)
WHERE region = '{region}' AND bbox.xmin <= {east} AND bbox.xmax >= {west} AND bbox.ymin <= {north} AND bbox.ymax >= {south};
```
DuckDB, where folders can't be listed (over HTTP): `urls.txt` names the tiles.
```sql
SET VARIABLE tiles = (
    SELECT list(url) FROM read_csv('urls.txt', header = false, names = ['url'], delim = '\t')
    WHERE url LIKE '%{base}/data/%'
);
SELECT region, count(*) AS facilities
FROM read_parquet(getvariable('tiles'), hive_partitioning = true)
GROUP BY region ORDER BY region;
```
GeoPandas:
```python
import geopandas
print(geopandas.read_parquet("{base}/data/region={region}", bbox=({west}, {south}, {east}, {north})))
```
Polars:
```python
import polars as pl
tiles = pl.scan_parquet("{base}/data/**/*.parquet", hive_partitioning=True)
print(tiles.filter(pl.col("region") == "{region}").collect())
```
pyarrow:
```python
import pyarrow.dataset as ds
tiles = ds.dataset("{base}/data", partitioning="hive")
print(tiles.to_table(filter=ds.field("region") == "{region}").num_rows)
```
"#
    )
}

/// The middle ninth of an extent, in hundredths of a degree: `[west, south, east, north]`.
fn middle(extent: geo::Rect<f64>) -> [f64; 4] {
    let (min, max) = (extent.min(), extent.max());
    let third = |low: f64, high: f64, n: f64| ((low + (high - low) * n / 3.0) * 100.0).round() / 100.0;
    [
        third(min.x, max.x, 1.0),
        third(min.y, max.y, 1.0),
        third(min.x, max.x, 2.0),
        third(min.y, max.y, 2.0),
    ]
}

fn columns(out: &mut String, collection: &Collection<'_>) -> fmt::Result {
    writeln!(out, "### {} (`{}`)\n", cell(&collection.title), collection.base())?;
    described(out, &collection.description)?;
    let agencies = distinct(collection.agencies.iter().cloned()).join(", ");
    let link = |url: &String| format!(" (<{}>)", url.replace(['<', '>', ' ', '\n'], ""));
    let from = collection.homepage.as_ref().map(link).unwrap_or_default();
    writeln!(
        out,
        "Source: {}{from}. Licence: {}.\n",
        cell(&agencies),
        cell(&collection.licence)
    )?;
    out.write_str("| column | type | unit | meaning | source fields |\n|---|---|---|---|---|\n")?;
    for column in collection.columns() {
        row(out, &column)?;
    }
    writeln!(out)
}

fn row(out: &mut String, column: &ColumnDoc) -> fmt::Result {
    let sources: Vec<String> = column
        .sources
        .iter()
        .map(|name| format!("`{}`", cell(name)))
        .collect();
    writeln!(
        out,
        "| `{}` | {} | {} | {} | {} |",
        column.name,
        cell(&column.kind),
        cell(column.unit.as_deref().unwrap_or_default()),
        cell(&column.meaning),
        sources.join(", ")
    )
}

/// Text of the pipeline's own as it may stand in a cell of a Markdown table.
pub(super) fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    visible(&line).replace('|', "\\|").replace('<', "\\<")
}

/// Text that may be anybody's: on one line, and none of it Markdown or HTML.
pub(super) fn prose(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    visible(&out).into_owned()
}
