//! A small release described and read back: what stands in it, and that its parts agree.

mod citing;
pub(crate) mod fixture;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field as ArrowField, Schema};
use serde_json::json;

use self::fixture::{arrow_schema, contents, plan, release, run_report, schema, tile};
use super::*;
use crate::feature::LayerStatus;
use crate::geoparquet::{read, read_footer};

fn json_of(files: &[(PathBuf, Vec<u8>)], path: &str) -> Value {
    let (_, bytes) = files
        .iter()
        .find(|(found, _)| found == Path::new(path))
        .unwrap_or_else(|| panic!("no {path}"));
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn the_tree_is_whole() {
    let paths: Vec<String> = release(LayerStatus::Published)
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_eq!(
        paths,
        [
            "README.md",
            "CITATION.cff",
            "datapackage.json",
            "catalog.json",
            "urls.txt",
            "facilities/collection.json",
            "layers/dams/stac/dams-R06-000.json",
            "layers/dams/stac/dams-unassigned-000.json",
            "layers/dams/stac/dams-crossing-R06-000.json",
            "layers/dams/collection.json",
            "layers/dams/items.parquet",
        ]
    );
}

#[test]
fn every_relative_link_leads_to_a_file_of_the_release() {
    let files = release(LayerStatus::Published);
    let mut known: BTreeSet<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    // Written beside them by `run`.
    known.insert("report.html".into());
    known.insert("layers/dams/data/region=R06/part-000.parquet".into());
    known.insert("layers/dams/data/region=unassigned/part-000.parquet".into());
    known.insert("layers/dams/crossing/region=R06/part-000.parquet".into());
    let mut followed = 0;
    for (path, bytes) in files
        .iter()
        .filter(|(path, _)| path.extension().is_some_and(|e| e == "json"))
    {
        let object: Value = serde_json::from_slice(bytes).unwrap();
        let assets = object["assets"]
            .as_object()
            .into_iter()
            .flat_map(|assets| assets.values());
        for href in object["links"]
            .as_array()
            .into_iter()
            .flatten()
            .chain(assets)
            .map(|link| link["href"].as_str().unwrap())
        {
            if !href.starts_with("https://") {
                assert!(
                    known.contains(&normal(&path.parent().unwrap().join(href))),
                    "{href} in {}",
                    path.display()
                );
                followed += 1;
            }
        }
    }
    assert_eq!(followed, 8 + 4 + 8 + 3 * 4);
}

fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut done, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => assert!(done.pop(), "{} leaves the release", path.display()),
            part => done.push(part),
        }
        done
    })
}

#[test]
fn the_list_of_tiles_leaves_out_what_stands_elsewhere() {
    let files = release(LayerStatus::Published);
    let list = files
        .iter()
        .find(|(path, _)| path == Path::new("urls.txt"))
        .unwrap();
    assert_eq!(
        String::from_utf8(list.1.clone()).unwrap(),
        "layers/dams/data/region=R06/part-000.parquet\nlayers/dams/data/region=unassigned/part-000.parquet\n"
    );
}

#[test]
fn a_collection_without_tiles_is_the_whole_world() {
    let collection = json_of(&release(LayerStatus::Published), "facilities/collection.json");
    assert_eq!(
        collection["extent"]["spatial"]["bbox"],
        json!([[-180.0, -90.0, 180.0, 90.0]])
    );
    assert_eq!(
        (&collection["assets"], &collection["summaries"]),
        (&json!({}), &json!({}))
    );
}

#[test]
fn crossing_rows_are_not_counted_twice() {
    let collection = json_of(&release(LayerStatus::Published), "layers/dams/collection.json");
    assert_eq!(collection["table:row_count"], 6);
    assert_eq!(
        collection["extent"]["spatial"]["bbox"],
        json!([[-100.0, 30.0, -98.0, 31.0]])
    );
    assert_eq!(collection["summaries"]["region"], json!(["R06", "unassigned"]));
}

#[test]
fn words_are_no_spdx_licence() {
    let collection = json_of(&release(LayerStatus::Published), "layers/dams/collection.json");
    assert_eq!(collection["license"], "other");
    assert!(
        collection["links"]
            .as_array()
            .unwrap()
            .iter()
            .any(|l| l["rel"] == "license" && l["title"] == "public domain")
    );
}

#[test]
fn a_carried_layer_says_so_wherever_it_is_described() {
    let files = release(LayerStatus::Carried);
    let item = json_of(&files, "layers/dams/stac/dams-R06-000.json");
    assert_eq!(item["properties"]["cikr:status"], "carried");
    assert_eq!(item["properties"]["cikr:carried_from"], "2026-11-01");
    assert_eq!(item["properties"]["cikr:reason"], "the source is empty");
    let catalog = json_of(&files, "catalog.json");
    assert_eq!(catalog["cikr:layers"][0]["status"], "carried");
    assert_eq!(catalog["cikr:layers"][1]["status"], "absent");
    let readme = String::from_utf8(files[0].1.clone()).unwrap();
    assert!(
        readme.contains("- `dams` is carried from release `2026-11-01` (21 days old): the source is empty\n"),
        "{readme}"
    );
    assert!(
        readme.contains("- `levees` is absent: the source is empty\n"),
        "{readme}"
    );
}

#[test]
fn a_tile_without_area_is_no_polygon() {
    let files = release(LayerStatus::Published);
    assert_eq!(
        json_of(&files, "layers/dams/stac/dams-R06-000.json")["geometry"]["type"],
        "Polygon"
    );
    let line = json_of(&files, "layers/dams/stac/dams-unassigned-000.json");
    assert_eq!(
        line["geometry"],
        json!({"type": "LineString", "coordinates": [[-100.0, 30.0], [-100.0, 31.0]]})
    );
}

#[test]
fn the_table_of_items_is_geoparquet_with_the_same_ids() {
    let files = release(LayerStatus::Published);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(
        &files
            .iter()
            .find(|(path, _)| path == Path::new("layers/dams/items.parquet"))
            .unwrap()
            .1,
    )
    .unwrap();
    let footer = read_footer(file.path()).unwrap();
    assert_eq!(footer.keys, ["geo", "stac-geoparquet"]);
    assert_eq!(
        footer
            .geo
            .unwrap()
            .primary_column_metadata()
            .unwrap()
            .geometry_types,
        ["LineString", "Polygon"]
    );
    let rows = read(file.path(), Some(&["id", "assets"])).unwrap();
    let ids: Vec<_> = rows["id"].as_string::<i32>().iter().flatten().collect();
    assert_eq!(
        ids,
        ["dams-R06-000", "dams-unassigned-000", "dams-crossing-R06-000"]
    );
    let href = rows["assets"].as_struct()["data"].as_struct()["href"]
        .as_string::<i32>()
        .value(0);
    assert_eq!(href, "data/region=R06/part-000.parquet");
}

#[test]
fn columns_follow_the_tile_and_unknown_ones_are_not_hidden() {
    let names: Vec<_> = dictionary(&plan(), Some(&schema()))
        .into_iter()
        .map(|doc| doc.name)
        .collect();
    let core = crate::feature::CORE_COLUMNS.len();
    assert_eq!(
        names[core..],
        [
            "district_code",
            "hazard_code",
            "hazard",
            "height_m",
            "geometry",
            "bbox"
        ]
    );

    let (plan, report) = (plan(), run_report(LayerStatus::Carried));
    let old = Arc::new(Schema::new(vec![
        ArrowField::new("height_m", DataType::Float64, true),
        ArrowField::new("gone", DataType::Int64, true),
    ]));
    let columns = Collection::of_layer(&plan, &plan.layers[0], &report.layers[0], old, &[]).columns();
    assert_eq!(
        (columns[0].unit.as_deref(), columns[0].sources.as_slice()),
        (Some("m"), &["DAM_HEIGHT".to_owned()][..])
    );
    assert_eq!(
        (columns[1].name.as_str(), columns[1].kind.as_str()),
        ("gone", "int64")
    );
}

#[test]
fn every_column_of_every_collection_stands_in_the_readme() {
    let files = release(LayerStatus::Published);
    let readme = String::from_utf8(files[0].1.clone()).unwrap();
    for doc in dictionary(&plan(), Some(&schema())) {
        let found = readme
            .lines()
            .filter(|line| line.starts_with(&format!("| `{}` | ", doc.name)))
            .count();
        assert_eq!(found, 2, "{}", doc.name);
    }
    assert!(
        readme.contains("Dams of the | inventory"),
        "only cells are escaped"
    );
}

#[test]
fn same_report_same_bytes() {
    assert_eq!(release(LayerStatus::Published), release(LayerStatus::Published));
}

#[test]
fn a_start_that_is_no_time_is_named() {
    let report = RunReport {
        started: "yesterday".to_owned(),
        ..run_report(LayerStatus::Published)
    };
    let (plan, tiles) = (plan(), [tile("facilities", "data", None, 1.0)]);
    let collections = [Collection::inventory(&plan, arrow_schema(), &tiles)];
    let error = describe_release(&plan, &report, &contents(&collections, &[])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the run's start `yesterday` is no RFC 3339 time"
    );
}
