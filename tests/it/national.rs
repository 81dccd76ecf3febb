//! One file per layer, and the list of tiles: the same rows as the tiles, also where a layer is carried.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrow_array::{Array, RecordBatch, StringArray};
use arrow_select::concat::concat_batches;
use cikr::feature::LayerStatus;
use cikr::geoparquet::{page_boxes, read, read_footer};
use serde_json::Value;

use crate::program::{Folder, POINTS_LAYER, rows, tiles};

const ROWS: &str = "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n3,C,,7,-120,35\n4,D,,,-96.5,31\n";

fn folder(output: &str) -> Folder {
    let folder = Folder::new();
    folder.points(ROWS);
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        text.replacen(
            "\n[[jurisdiction]]",
            &format!("\n[output]\n{output}\n\n[[jurisdiction]]"),
            1,
        ),
    );
    folder
}

/// Rows by facility, each as Arrow shows it.
fn by_id(batches: &[RecordBatch]) -> BTreeMap<String, RecordBatch> {
    let all = concat_batches(&batches[0].schema(), batches).unwrap();
    let ids: StringArray = all
        .column_by_name("facility_id")
        .unwrap()
        .as_any()
        .downcast_ref::<StringArray>()
        .unwrap()
        .clone();
    (0..all.num_rows())
        .map(|row| (ids.value(row).to_owned(), all.slice(row, 1)))
        .collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_national_file_holds_the_rows_of_all_regions() {
    let folder = folder("national = true\ngroup-rows = 2\npage-rows = 1");
    folder.run().code(0);
    let release = folder.latest();
    let layer = release.join("layers/points");
    let file = layer.join("national.parquet");
    let footer = read_footer(&file).unwrap();
    assert_eq!(
        (footer.rows, footer.row_groups.as_slice(), footer.keys.as_slice()),
        (4, &[2, 2][..], &["geo", "columns"].map(str::to_owned)[..])
    );
    assert_eq!(footer.schema, read_footer(&tiles(&layer)[0]).unwrap().schema);
    let geo = footer.geo.unwrap();
    assert_eq!(
        geo.primary_column_metadata().unwrap().bbox.as_deref(),
        Some(&[-120.0, 31.0, -85.0, 36.0][..])
    );
    assert_eq!(page_boxes(&file).unwrap().len(), 4);
    assert_eq!(by_id(&[read(&file, None).unwrap()]), by_id(&rows(&layer)));
    let asset = &json(&layer.join("collection.json"))["assets"]["national"];
    assert_eq!(asset["href"], "./national.parquet");
    assert_eq!(
        (&asset["file:size"], &asset["table:row_count"]),
        (&fs::metadata(&file).unwrap().len().into(), &4.into())
    );
    assert!(
        fs::read_to_string(release.join("README.md"))
            .unwrap()
            .contains("national.parquet")
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_carried_layer_has_its_national_file_too() {
    let folder = folder("national = true");
    folder
        .schema("more", "point", "")
        .write("more.csv", "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,,,-95,35\n");
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write("pipeline.toml", text + &POINTS_LAYER.replace("points", "more"));
    folder.run().code(0);
    let first = fs::read(folder.latest().join("layers/points/national.parquet")).unwrap();
    fs::remove_file(folder.path().join("points.csv")).unwrap();
    let ended = folder.run().code(5);
    assert_eq!(ended.layer("points").status(), LayerStatus::Carried);
    assert!(
        fs::read(folder.latest().join("layers/points/national.parquet")).unwrap() == first,
        "the same rows give the same bytes"
    );
    folder.cikr(&["verify", "store"]).code(0);

    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        text.replace("national = true", "national = false"),
    );
    let ended = folder.run().code(5);
    assert_eq!(ended.layer("points").national_bytes, None);
    assert!(!folder.latest().join("layers/points/national.parquet").exists());
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_national_file_that_differs_from_its_tiles_is_found_out() {
    let folder = folder("national = true");
    folder.run().code(0);
    let copy = folder.path().join("copy");
    let found = |change: &dyn Fn(&Path)| {
        fs::remove_dir_all(&copy).ok();
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .arg(folder.latest())
            .arg(&copy)
            .status()
            .unwrap();
        assert!(copied.success());
        change(&copy);
        folder.cikr(&["verify", "copy"]).code(7).stdout
    };
    let write = |path: &Path, rows: &RecordBatch| {
        let mut out = Vec::new();
        cikr::geoparquet::write_table(rows, &[], &cikr::geoparquet::WriteOptions::default(), &mut out)
            .unwrap();
        fs::write(path, out).unwrap();
    };
    let file = "layers/points/national.parquet";
    let less = found(&|release: &Path| {
        let rows = read(&release.join(file), None).unwrap();
        write(&release.join(file), &rows.slice(0, 3));
    });
    assert!(
        less.contains("layers/points: national.parquet: 3 rows, 4 in the tiles"),
        "{less}"
    );
    let other = found(&|release: &Path| {
        let rows = read(&release.join(file), None).unwrap();
        let name = rows.schema().index_of("name").unwrap();
        let mut columns = rows.columns().to_vec();
        columns[name] = std::sync::Arc::new(StringArray::from(vec!["A", "B", "C", "changed"]));
        write(
            &release.join(file),
            &RecordBatch::try_new(rows.schema(), columns).unwrap(),
        );
    });
    assert!(
        other.contains("national.parquet: `name` is not that of the tiles"),
        "{other}"
    );
    let gone = found(&|release: &Path| fs::remove_file(release.join(file)).unwrap());
    assert!(gone.contains("national.parquet: cannot open"), "{gone}");
}

#[test]
fn every_tile_stands_in_the_list() {
    let folder = folder("national = true");
    folder.run().code(0);
    let release = folder.latest();
    let list = fs::read_to_string(release.join("urls.txt")).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert!(list.ends_with('\n') && lines.is_sorted());
    let mut found: Vec<String> = [release.join("facilities"), release.join("layers/points")]
        .iter()
        .flat_map(|folder| tiles(folder))
        .map(|tile| tile.strip_prefix(&release).unwrap().display().to_string())
        .collect();
    found.sort();
    assert_eq!(lines, found);
    let catalog = json(&release.join("catalog.json"));
    let linked = catalog["links"]
        .as_array()
        .unwrap()
        .iter()
        .any(|link| link["href"] == "./urls.txt");
    assert!(linked, "{catalog:#}");
}

#[test]
fn the_list_is_of_urls_where_the_pipeline_says_where_it_is_served() {
    let folder = folder(r#"base-url = "https://data.example.org/cikr/""#);
    folder.run().code(0);
    let release = folder.latest();
    let start = format!(
        "https://data.example.org/cikr/releases/{}/",
        release.file_name().unwrap().to_str().unwrap()
    );
    let list = fs::read_to_string(release.join("urls.txt")).unwrap();
    for line in list.lines() {
        let path = line.strip_prefix(&start).unwrap_or_else(|| panic!("{line}"));
        assert!(release.join(path).is_file(), "{line}");
    }
    assert_eq!(list.lines().count(), 6, "{list}");
}

#[test]
fn an_address_with_a_password_is_refused() {
    let folder = folder(r#"base-url = "https://me:secret@data.example.org""#);
    folder
        .run()
        .code(3)
        .says("`base-url` holds a user name or password")
        .says("pipeline.toml:8:12");
}
