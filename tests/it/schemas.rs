//! The shipped schemas: they resolve without a word, and fit the columns their layers are published with.
//!
//! `layouts.toml` lists those columns; `schemas/README.md` shows the schemas as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use chrono::NaiveDate;
use cikr::feature::{LayerStatus, RunReport};
use cikr::plan::{Field, FieldKind, GeometryKind, LayerPlan, LayerSchema, Overrides, Plan, USUAL_PATTERNS};

use crate::program::{Folder, ROOT};

/// One published layout of a layer, as `layouts.toml` has it.
struct Layout {
    schema: String,
    of: String,
    columns: Vec<String>,
    unused: Vec<String>,
    absent: Vec<String>,
}

fn layouts() -> Vec<Layout> {
    let text = fs::read_to_string(Path::new(ROOT).join("tests/it/layouts.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let texts = |entry: &toml::Value, key: &str| -> Vec<String> {
        let list = entry
            .get(key)
            .and_then(toml::Value::as_array)
            .cloned()
            .unwrap_or_default();
        list.iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    let text = |entry: &toml::Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let layout = |entry: &toml::Value| Layout {
        schema: text(entry, "schema"),
        of: text(entry, "of"),
        columns: texts(entry, "columns"),
        unused: texts(entry, "unused"),
        absent: texts(entry, "absent"),
    };
    table["layout"].as_array().unwrap().iter().map(layout).collect()
}

/// Every shipped schema's id, sorted.
fn schema_ids() -> Vec<String> {
    let files = fs::read_dir(Path::new(ROOT).join("schemas"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let toml = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let ids: BTreeSet<String> = toml
        .map(|path| path.file_stem().unwrap().to_str().unwrap().into())
        .collect();
    ids.into_iter().collect()
}

/// A pipeline in `folder` that reads layer `id` by `schema` from `<id>.csv`, for every pair.
fn pipeline(folder: &Folder, layers: &[(String, String)]) {
    let layers: String = layers
        .iter()
        .map(|(id, schema)| {
            format!(
                "\n[[layer]]\nid = \"{id}\"\nschema = \"{schema}\"\n\
                 source.csv = {{ path = \"{id}.csv\", wkt = \"WKT\", crs = \"EPSG:4326\" }}\n"
            )
        })
        .collect();
    folder.pipeline(&layers);
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        text.replace("\"schemas\"", &format!("\"{ROOT}/schemas\"")),
    );
}

/// The plan over all schemas, each a layer of its own name.
fn shipped() -> &'static [LayerPlan] {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    &PLAN
        .get_or_init(|| {
            let folder = Folder::new();
            let layers: Vec<_> = schema_ids().into_iter().map(|id| (id.clone(), id)).collect();
            for (id, _) in &layers {
                folder.write(&format!("{id}.csv"), "WKT\n");
            }
            pipeline(&folder, &layers);
            let pipeline = folder.path().join("pipeline.toml");
            let (plan, warnings) = cikr::plan::load(&pipeline, &Overrides::default()).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            plan
        })
        .layers
}

fn schema(id: &str) -> &'static LayerSchema {
    &shipped()
        .iter()
        .find(|layer| layer.id.to_string() == id)
        .unwrap_or_else(|| panic!("no schema {id}"))
        .schema
}

#[test]
fn schemas_cover_layers_and_sectors_and_resolve_without_a_warning() {
    let sectors: BTreeSet<&str> = shipped()
        .iter()
        .map(|layer| layer.schema.sector.code.as_str())
        .collect();
    assert!(shipped().len() >= 40, "{} schemas", shipped().len());
    assert!(sectors.len() >= 14, "{sectors:?}");
    // Nuclear power has no layer of its own: it is in the power plants.
    let rules = &schema("power_plants").sector.rules;
    assert!(
        rules
            .iter()
            .any(|rule| rule.code.as_deref() == Some("NUCL") && rule.values.equals == ["nuclear"])
    );
}

#[test]
fn a_key_is_never_a_number_of_the_file() {
    for layer in shipped() {
        let key = layer
            .schema
            .fields
            .iter()
            .filter(|field| layer.schema.key.contains(&field.name));
        let froms: Vec<&String> = key.flat_map(|field| &field.from).collect();
        let is_row_number = |from: &&&String| {
            ["OBJECTID", "FID", "GLOBALID"]
                .iter()
                .any(|number| from.eq_ignore_ascii_case(number))
        };
        let expected: &[&str] = match layer.schema.id.as_str() {
            // The one layer whose rows have nothing else in common with the next release.
            "natural_gas_pipelines" => &["FID", "OBJECTID"],
            // Whatever layer it is for.
            "hifld_site" => &["OBJECTID", "FID"],
            _ => &[],
        };
        assert_eq!(
            froms.iter().filter(is_row_number).collect::<Vec<_>>(),
            expected.iter().collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_schema_without_a_published_layout_says_that_it_is_unverified() {
    let verified: BTreeSet<String> = layouts().into_iter().map(|layout| layout.schema).collect();
    for id in schema_ids() {
        let text = fs::read_to_string(Path::new(ROOT).join(format!("schemas/{id}.toml"))).unwrap();
        assert!(
            text.starts_with("# "),
            "{id} doesn't say what it was checked against"
        );
        let is_unverified = text.lines().any(|line| line == "status = \"unverified\"");
        assert_eq!(is_unverified, !verified.contains(&id), "{id}");
    }
}

#[test]
fn schemas_fit_published_headers() {
    for layout in layouts() {
        let is_from =
            |field: &Field, column: &String| field.from.iter().any(|from| from.eq_ignore_ascii_case(column));
        let fields = &schema(&layout.schema).fields;
        let unused: Vec<&String> = layout
            .columns
            .iter()
            .filter(|column| !fields.iter().any(|field| is_from(field, column)))
            .collect();
        let absent: Vec<&String> = fields
            .iter()
            .filter(|field| !layout.columns.iter().any(|column| is_from(field, column)))
            .map(|field| &field.name)
            .collect();
        assert_eq!(
            unused,
            layout.unused.iter().collect::<Vec<_>>(),
            "columns: {} {}",
            layout.schema,
            layout.of
        );
        assert_eq!(
            absent,
            layout.absent.iter().collect::<Vec<_>>(),
            "fields: {} {}",
            layout.schema,
            layout.of
        );
    }
}

/// One row per state; more than any list of date formats has, so that each format is read.
const STATES: [&str; 16] = [
    "TX",
    "Alabama",
    "02",
    "AZ",
    "Arkansas",
    "06",
    "CO",
    "Connecticut",
    "10",
    "GU",
    "Florida",
    "13",
    "HI",
    "Idaho",
    "17",
    "IN",
];
const ROWS: usize = STATES.len();

/// A value that the first field with this column must take, another in every row where the key needs it.
fn value(fields: &[Field], column: &str, row: usize) -> String {
    let from = |field: &&Field| field.from.iter().any(|from| from.eq_ignore_ascii_case(column));
    let Some(field) = fields.iter().find(from) else {
        return format!("v{row}");
    };
    let day = NaiveDate::from_ymd_opt(2020, 1, 2)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap()
        .and_utc();
    match &field.kind {
        FieldKind::Text if !field.codes.is_empty() => field.codes[row % field.codes.len()].0.clone(),
        FieldKind::Text if field.pad.is_some() => (row + 1).to_string(),
        FieldKind::Text => format!("v{row}"),
        FieldKind::Integer => row.to_string(),
        FieldKind::Number => format!("{row}.5"),
        FieldKind::Boolean { truth, falsity } => [&truth[0], &falsity[0]][row % 2].clone(),
        FieldKind::Date { formats } => match formats[row % formats.len()].as_str() {
            "epoch-ms" => day.timestamp_millis().to_string(),
            format => day.format(format).to_string(),
        },
        FieldKind::State => STATES[row].to_owned(),
    }
}

fn wkt(kind: GeometryKind) -> &'static str {
    match kind {
        GeometryKind::Point => "POINT (-95 35)",
        GeometryKind::Line => "LINESTRING (-95 35, -94 35)",
        GeometryKind::Polygon => "POLYGON ((-95 35, -94 35, -94 36, -95 35))",
    }
}

fn csv(layout: &Layout) -> String {
    let schema = schema(&layout.schema);
    let row = |row: usize| {
        let cells = layout
            .columns
            .iter()
            .map(|column| format!("\"{}\"", value(&schema.fields, column, row)));
        format!(
            "{},\"{}\"",
            cells.collect::<Vec<_>>().join(","),
            wkt(schema.geometry)
        )
    };
    let rows: Vec<String> = (0..ROWS).map(row).collect();
    format!("{},WKT\n{}\n", layout.columns.join(","), rows.join("\n"))
}

#[test]
fn rows_of_every_published_layout_arrive_with_every_value() {
    let folder = Folder::new();
    let layouts: BTreeMap<String, Layout> = layouts()
        .into_iter()
        .enumerate()
        .map(|(index, layout)| (format!("{}_{index}", layout.schema), layout))
        .collect();
    let layers: Vec<_> = layouts
        .iter()
        .map(|(id, layout)| (id.clone(), layout.schema.clone()))
        .collect();
    pipeline(&folder, &layers);
    for (id, layout) in &layouts {
        folder.write(&format!("{id}.csv"), csv(layout));
    }
    let report: RunReport = folder.run().code(0).report();
    assert_eq!(report.layers.len(), layouts.len());
    for layer in &report.layers {
        let layout = &layouts[layer.id.as_str()];
        let shown = format!("{} {}: {layer:?}", layer.id, layout.of);
        assert_eq!(layer.status(), LayerStatus::Published, "{shown}");
        assert_eq!(
            (layer.rows_read, layer.rows_written),
            (ROWS as u64, ROWS as u64),
            "{shown}"
        );
        assert!(layer.fields.is_empty(), "values lost: {shown}");
        assert_eq!(layer.fields_missing, layout.absent, "{shown}");
    }
    dates_are_read_alike(&folder, &layouts);
}

/// The same layer comes from a service, a spreadsheet and a program: whoever wrote the copy, its dates are read.
#[test]
fn every_date_of_a_schema_is_read_in_all_usual_spellings() {
    for layer in shipped() {
        for field in &layer.schema.fields {
            let FieldKind::Date { formats } = &field.kind else {
                continue;
            };
            let unread: Vec<&&str> = USUAL_PATTERNS
                .iter()
                .filter(|usual| !formats.iter().any(|format| format == **usual))
                .collect();
            assert!(unread.is_empty(), "{} {}: {unread:?}", layer.id, field.name);
            assert!(
                formats.len() <= ROWS,
                "{} {} has formats that no row tries",
                layer.id,
                field.name
            );
        }
    }
}

/// Every date format gives the day it was written with, whatever other format comes before it.
fn dates_are_read_alike(folder: &Folder, layouts: &BTreeMap<String, Layout>) {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let day = (NaiveDate::from_ymd_opt(2020, 1, 2).unwrap() - epoch).num_days();
    for (id, layout) in layouts {
        let dates = schema(&layout.schema).fields.iter().filter(|field| {
            matches!(field.kind, FieldKind::Date { .. }) && !layout.absent.contains(&field.name)
        });
        let rows = crate::program::rows(&folder.latest().join("layers").join(id));
        for field in dates {
            let days: Vec<i64> = rows.iter().flat_map(|batch| days(batch, &field.name)).collect();
            assert_eq!(days, [day; ROWS], "{id} {}", field.name);
        }
    }
}

fn days(batch: &arrow_array::RecordBatch, column: &str) -> Vec<i64> {
    let column = batch.column_by_name(column).unwrap();
    let dates = column
        .as_any()
        .downcast_ref::<arrow_array::Date32Array>()
        .unwrap();
    dates.values().iter().map(|days| i64::from(*days)).collect()
}

/// The table of `schemas/README.md`.
fn table() -> String {
    let row = |layer: &LayerPlan| {
        let LayerSchema { id, sector, key, .. } = &*layer.schema;
        let also = |also: &[String]| also.iter().map(|code| format!(" +{code}")).collect::<String>();
        let refined = |rule: &cikr::plan::SectorRule| {
            let code = rule
                .code
                .as_ref()
                .map(|code| format!(" →{code}"))
                .unwrap_or_default();
            code + &also(&rule.also)
        };
        let rules: BTreeSet<String> = sector
            .rules
            .iter()
            .map(refined)
            .filter(|text| !text.is_empty())
            .collect();
        let rules: String = rules.into_iter().collect();
        let rules = if rules.is_empty() {
            rules
        } else {
            format!(" (rows:{rules})")
        };
        format!(
            "| [{id}]({id}.toml) | {} | {:?} | {}{}{rules} | {} | {} | {} |\n",
            layer.schema.catalog_title(),
            layer.schema.geometry,
            sector.code,
            also(&sector.also),
            sector.subsector.as_deref().unwrap_or(""),
            sector.lifeline.as_deref().unwrap_or(""),
            key.iter()
                .map(|field| format!("`{field}`"))
                .collect::<Vec<_>>()
                .join(", "),
        )
    };
    shipped().iter().map(row).collect()
}

#[test]
fn the_table_of_schemas_is_true() {
    let readme = fs::read_to_string(Path::new(ROOT).join("schemas/README.md")).unwrap();
    let rows: String = readme
        .lines()
        .filter(|line| line.starts_with("| ["))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(
        rows == table(),
        "the rows of schemas/README.md should be:\n{}",
        table()
    );
}
