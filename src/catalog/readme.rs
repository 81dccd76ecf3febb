//! The release's `README.md`: what it holds, what failed, how to query it, what every column means.
//!
//! Pure: text out of plan, report and collections.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::changes::write_changes;
use super::collection::{Collection, distinct};
use super::context::{Contents, ReleaseContext};
use super::dictionary::ColumnDoc;
use super::markdown::{plain_prose, table_cell, write_description};
use super::quality::write_quality;
use super::queries::write_queries;
use super::registry::write_registry;
use crate::feature::release::product_names;
use crate::feature::{FlagCode, Flags, LayerReport, ProductDoc, RunReport, Standing, TableDoc};
use crate::plan::Plan;

/// The text of `README.md`.
pub(super) fn render_readme(release: &ReleaseContext<'_>, contents: &Contents<'_>) -> String {
    let mut text = String::new();
    write_readme(&mut text, release, contents).expect("a string takes any text");
    text
}

fn write_readme(out: &mut String, release: &ReleaseContext<'_>, contents: &Contents<'_>) -> fmt::Result {
    let ReleaseContext {
        plan,
        report,
        citation,
    } = release;
    let Contents {
        collections,
        products,
        ..
    } = *contents;
    writeln!(out, "# {}\n", plain_prose(&plan.title))?;
    write_description(out, &plan.description)?;
    writeln!(
        out,
        "Release `{}` of pipeline `{}`, made by cikr {} from {}. GeoParquet 1.1 tiles by region, longitude and\n\
         latitude (OGC:CRS84), described as STAC 1.1 in `catalog.json`.\n",
        report.release, report.pipeline, report.cikr_version, report.started
    )?;
    write_folders(out, products)?;
    citation.write_section(out)?;
    write_layers(out, plan, report)?;
    write_doubts(out, report)?;
    write_gate(out, report)?;
    write_changes(out, report)?;
    write_flags(out, report)?;
    write_boundaries(out, report)?;
    write_registry(out, report)?;
    write_queries(out, collections)?;
    if let Some(found) = &report.quality {
        write_quality(out, found, &report.layers)?;
    }
    let tables = tables_described(contents);
    if !tables.is_empty() {
        writeln!(out, "## Tables\n")?;
        tables
            .into_iter()
            .try_for_each(|table| write_table_doc(out, table))?;
    }
    writeln!(out, "## Columns\n")?;
    collections
        .iter()
        .try_for_each(|collection| write_columns(out, collection))
}

/// Those of the products that the release was asked for, which describe them themselves, and what other tables it holds.
fn tables_described<'a>(contents: &Contents<'a>) -> Vec<&'a TableDoc> {
    let of_products = contents.products.iter().flat_map(|product| product.tables);
    let mut tables: Vec<&TableDoc> = of_products.collect();
    for other in contents.tables.iter().filter_map(|table| table.doc.as_ref()) {
        if !tables.iter().any(|known| known.path == other.path) {
            tables.push(other);
        }
    }
    tables
}

fn write_folders(out: &mut String, products: &[ProductDoc]) -> fmt::Result {
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
         | `CITATION.cff`, `datapackage.json` | how to cite it; every table and column as a Frictionless Data Package |\n\
         | [`report.html`](report.html) | what became of the run, for people: failures, changes, rejects, a map |\n\
         | `report.json`, `manifest.json` | what became of the run; bytes and SHA-256 of every file |\n\n",
    )
}

fn write_layers(out: &mut String, plan: &Plan, report: &RunReport) -> fmt::Result {
    out.write_str("## Layers\n\n| layer | title | status | rows | rejected | tiles | licence |\n|---|---|---|---:|---:|---:|---|\n")?;
    for state in &report.layers {
        let about = plan
            .layers
            .iter()
            .find(|layer| layer.id == state.id)
            .map(|layer| &layer.schema);
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            state.id,
            about
                .map(|schema| table_cell(&schema.catalog_title()))
                .unwrap_or_default(),
            state.status().code(),
            state.rows_written,
            state.rows_rejected,
            state.tiles,
            about
                .map(|schema| table_cell(&schema.licence))
                .unwrap_or_default(),
        )?;
    }
    if plan.makes_product(product_names::INVENTORY) {
        writeln!(
            out,
            "\nThe inventory `facilities` holds {} rows.",
            report.inventory_rows
        )?;
    }
    writeln!(out)?;
    // The table has the status; why it is so takes a sentence, which would not fit in a cell.
    let failed: Vec<_> = report
        .layers
        .iter()
        .filter(|layer| !layer.is_published())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    writeln!(out, "### Layers that failed in this run\n")?;
    failed
        .into_iter()
        .try_for_each(|layer| write_failure(out, layer))?;
    writeln!(out)
}

fn write_failure(out: &mut String, layer: &LayerReport) -> fmt::Result {
    let id = &layer.id;
    match &layer.standing {
        Standing::Published { .. } => Ok(()),
        Standing::Carried { reason, from, days } => {
            let age = days.map(|days| format!(" ({days} {} old)", if days == 1 { "day" } else { "days" }));
            let from = from.as_ref().map_or_else(
                || "an earlier release".to_owned(),
                |from| format!("release `{from}`"),
            );
            writeln!(
                out,
                "- `{id}` is carried from {from}{}: {}",
                age.unwrap_or_default(),
                plain_prose(reason)
            )
        }
        Standing::Absent { reason } => writeln!(out, "- `{id}` is absent: {}", plain_prose(reason)),
    }
}

/// What can't be known of the layers' rows.
fn write_doubts(out: &mut String, report: &RunReport) -> fmt::Result {
    if report.layers.iter().all(|layer| layer.doubts.is_empty()) {
        return Ok(());
    }
    writeln!(out, "### Doubts about the sources\n")?;
    for layer in &report.layers {
        layer
            .doubts
            .iter()
            .try_for_each(|doubt| writeln!(out, "- `{}`: {}", layer.id, plain_prose(doubt)))?;
    }
    writeln!(out)
}

/// What the gate let through and people should know of.
fn write_gate(out: &mut String, report: &RunReport) -> fmt::Result {
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
                plain_prose(&accepted.by),
                accepted.at,
                plain_prose(&accepted.reason),
                plain_prose(&gate.red_findings())
            )?;
        }
        for warning in gate.warnings() {
            writeln!(out, "- `{}`: {}", layer.id, plain_prose(&warning.what))?;
        }
    }
    writeln!(out)
}

/// What is doubtful about the rows, layer by layer, and what the codes mean.
fn write_flags(out: &mut String, report: &RunReport) -> fmt::Result {
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
    // Of all codes those that were met, in the order of the program: a reader finds them in the same order every night.
    for code in FlagCode::ALL
        .iter()
        .filter(|code| present.iter().any(|name| *name == code.code()))
    {
        writeln!(out, "| `{}` | {} |", code.code(), code.meaning())?;
    }
    writeln!(out)
}

fn write_boundaries(out: &mut String, report: &RunReport) -> fmt::Result {
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
            table_cell(&set.vintage),
            set.polygons,
            table_cell(&set.agency),
            table_cell(&set.licence)
        )?;
    }
    for set in &report.jurisdictions {
        if let Some(stale) = &set.stale {
            write!(
                out,
                "\nOf `{}` an earlier copy stands in, {}\n",
                set.id,
                plain_prose(stale)
            )?;
        }
    }
    writeln!(out)
}

fn write_columns(out: &mut String, collection: &Collection<'_>) -> fmt::Result {
    writeln!(
        out,
        "### {} (`{}`)\n",
        table_cell(&collection.title),
        collection.base()
    )?;
    write_description(out, &collection.description)?;
    let agencies = distinct(collection.agencies.iter().cloned()).join(", ");
    let from = match &collection.homepage {
        Some(url) => format!(" (<{}>)", url.replace(['<', '>', ' ', '\n'], "")),
        None => String::new(),
    };
    writeln!(
        out,
        "Source: {}{from}. Licence: {}.\n",
        table_cell(&agencies),
        table_cell(&collection.licence)
    )?;
    out.write_str("| column | type | unit | meaning | source fields |\n|---|---|---|---|---|\n")?;
    for column in collection.columns() {
        write_column(out, &column)?;
    }
    writeln!(out)
}

fn write_column(out: &mut String, column: &ColumnDoc) -> fmt::Result {
    let sources: Vec<String> = column
        .sources
        .iter()
        .map(|name| format!("`{}`", table_cell(name)))
        .collect();
    writeln!(
        out,
        "| `{}` | {} | {} | {} | {} |",
        column.name,
        table_cell(&column.kind),
        table_cell(column.unit.as_deref().unwrap_or_default()),
        table_cell(&column.meaning),
        sources.join(", ")
    )
}

/// What a table's rows and columns are.
fn write_table_doc(out: &mut String, table: &TableDoc) -> fmt::Result {
    writeln!(
        out,
        "`{}`, each row is {}.\n\n| column | meaning |\n|---|---|",
        table.path,
        table_cell(table.what)
    )?;
    for (name, meaning) in table.columns {
        writeln!(out, "| `{name}` | {} |", table_cell(meaning))?;
    }
    writeln!(out)
}
