//! The first night of this version on a release of an earlier one: of before facilities had a sector class.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, UInt64Array};
use arrow_select::take::take_record_batch;
use cikr::feature::{LayerStatus, RunReport};
use cikr::geoparquet::{self, Features, WriteOptions};
use geo::{Coord, Rect};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::program::{Folder, POINTS_LAYER, by_id, tiles};
use crate::schemes::{food, places};

/// Columns of a facility's links as they were, after its id.
const LINK_COLUMNS: [&str; 9] = [
    "scheme",
    "code",
    "name",
    "lead_agency",
    "is_primary",
    "basis",
    "is_judged",
    "reason",
    "note",
];

/// The latest release as the version before sector classes would have made it.
fn made_before_classes(folder: &Folder) {
    let release = folder.latest();
    let membership = geoparquet::read(&release.join("links/sector_membership.parquet"), None).unwrap();
    for layer in ["points", "second"] {
        let classes = by_id(&release.join("layers").join(layer), "sector_class");
        let links = links(&membership, &classes);
        let path = release.join(format!("links/facility_sector/{layer}.parquet"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = Vec::new();
        geoparquet::write_table(&links, &[], &WriteOptions::default(), &mut bytes).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    fs::remove_file(release.join("links/sector_membership.parquet")).unwrap();
    for collection in ["layers/points", "layers/second", "facilities"] {
        for tile in tiles(&release.join(collection)) {
            without_class(&tile);
        }
    }
    for file in ["CITATION.cff", "datapackage.json"] {
        fs::remove_file(release.join(file)).unwrap();
    }
    let report = release.join("report.json");
    let mut told: RunReport = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    for layer in &mut told.layers {
        layer.fingerprint = Some("of the version before".to_owned());
    }
    overwrite(&report, &serde_json::to_vec(&told).unwrap());
    sign(&folder.path().join("store"), &release);
}

/// A row per facility and row of its class.
fn links(membership: &RecordBatch, classes: &BTreeMap<String, Option<String>>) -> RecordBatch {
    let of: Vec<&str> = membership
        .column_by_name("sector_class")
        .unwrap()
        .as_string::<i32>()
        .iter()
        .flatten()
        .collect();
    let mut ids = Vec::new();
    let mut rows = Vec::new();
    for (id, class) in classes {
        for (row, _) in of
            .iter()
            .enumerate()
            .filter(|(_, of)| Some(**of) == class.as_deref())
        {
            ids.push(id.as_str());
            rows.push(row as u64);
        }
    }
    let taken = take_record_batch(membership, &UInt64Array::from(rows)).unwrap();
    let ids = Arc::new(arrow_array::StringArray::from(ids)) as arrow_array::ArrayRef;
    let columns = LINK_COLUMNS.map(|name| (name, Arc::clone(taken.column_by_name(name).unwrap()), true));
    RecordBatch::try_from_iter_with_nullable([("facility_id", ids, true)].into_iter().chain(columns)).unwrap()
}

fn without_class(tile: &Path) {
    let footer = geoparquet::read_footer(tile).unwrap();
    let mut rows = geoparquet::read(tile, None).unwrap();
    rows.remove_column(rows.schema().index_of("sector_class").unwrap());
    let geo = footer.geo.unwrap().primary_column_metadata().unwrap().clone();
    let [xmin, ymin, xmax, ymax] = geo.bbox.unwrap().try_into().unwrap();
    let features = Features {
        what: "a tile",
        rows: &rows,
        row_groups: &[rows.num_rows()],
        extent: Some(Rect::new(Coord { x: xmin, y: ymin }, Coord { x: xmax, y: ymax })),
        geometry_types: &geo.geometry_types,
        footer: &[],
    };
    let mut bytes = Vec::new();
    geoparquet::write_features(&features, &WriteOptions::default(), &mut bytes).unwrap();
    overwrite(tile, &bytes);
}

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A manifest of what stands there now, and its digest in the store's records.
pub(crate) fn sign(store: &Path, release: &Path) {
    let mut manifest: Value =
        serde_json::from_slice(&fs::read(release.join("manifest.json")).unwrap()).unwrap();
    let mut files = Vec::new();
    let mut folders = vec![release.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("manifest.json") {
                files.push(entry(release, &path));
            }
        }
    }
    let bytes: u64 = files
        .iter()
        .map(|file: &Value| file["bytes"].as_u64().unwrap())
        .sum();
    manifest["files"] = files.into();
    let text = manifest.to_string();
    overwrite(&release.join("manifest.json"), text.as_bytes());
    let id = release.file_name().unwrap().to_str().unwrap();
    for record in [
        store.join("public/latest.json"),
        store.join("public/releases").join(format!("{id}.json")),
    ] {
        let mut told: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
        told["manifest_sha256"] = sha256(text.as_bytes()).into();
        told["bytes"] = bytes.into();
        // As a record of before there was a digest of the data: of other files it is another one.
        told.as_object_mut().unwrap().remove("data_sha256");
        fs::write(&record, told.to_string()).unwrap();
    }
}

fn entry(release: &Path, path: &PathBuf) -> Value {
    let bytes = fs::read(path).unwrap();
    let relative = path.strip_prefix(release).unwrap().to_str().unwrap();
    let mut entry = serde_json::json!({ "path": relative, "bytes": bytes.len(), "sha256": sha256(&bytes) });
    if relative.ends_with(".parquet") {
        entry["rows"] = geoparquet::read_footer(path).unwrap().rows.into();
    }
    entry
}

#[test]
fn the_first_night_carries_gates_and_compares_as_any_other() {
    let folder = food();
    let second = format!(
        "{POINTS_LAYER}\n[[layer]]\nid = \"second\"\nschema = \"points\"\nsource.csv = {{ path = \"second.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }}\n"
    );
    folder
        .write(
            "second.csv",
            "ID,NAME,LON,LAT,NAICS\n1,Meat,-95,35,311611\n2,X,-95,36,\n",
        )
        .pipeline(&second);
    folder.run().code(0);
    let classes = by_id(&folder.latest().join("facilities"), "sector_class");
    let of_second = places(&folder.latest(), "second");
    made_before_classes(&folder);
    folder.cikr(&["verify", "store"]).code(0);

    folder.write("second.csv", "<html>gone</html>");
    let report = folder.run().code(5).report();
    let [points, second] = report.layers.as_slice() else {
        panic!("two layers")
    };
    assert_eq!(
        (points.status(), second.status()),
        (LayerStatus::Published, LayerStatus::Carried)
    );
    assert_eq!(
        points.unchanged_since(),
        None,
        "a new column makes every layer again"
    );
    assert!(points.gate.as_ref().is_none_or(|gate| gate.held.is_none()));
    let changes = points.changes.as_ref().unwrap();
    assert_eq!(changes.columns_added, ["sector_class"]);
    assert_eq!(
        (changes.unchanged, changes.changed, changes.recomputed),
        (5, 0, 0)
    );
    let release = folder.latest();
    assert_eq!(
        by_id(&release.join("facilities"), "sector_class"),
        classes,
        "computed where the tile lacks it"
    );
    for tile in tiles(&release.join("layers/second")) {
        assert!(
            geoparquet::read_footer(&tile)
                .unwrap()
                .schema
                .index_of("sector_class")
                .is_err(),
            "as it was"
        );
    }
    let membership = geoparquet::read(&release.join("links/sector_membership.parquet"), None).unwrap();
    let carried = membership
        .column_by_name("sector_class")
        .unwrap()
        .as_string::<i32>()
        .iter()
        .flatten();
    let carried = carried.filter(|class| class.starts_with("second:")).count();
    assert_eq!(carried, of_second.values().map(Vec::len).sum::<usize>());
    folder.cikr(&["verify", "store"]).code(0);

    // A night later nothing is new any more.
    let report = folder.run().code(5).report();
    assert!(report.layers[0].unchanged_since().is_some());
    assert!(
        report.layers[0]
            .changes
            .as_ref()
            .unwrap()
            .columns_added
            .is_empty()
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn links_of_facilities_are_still_checked() {
    let folder = food();
    let second = format!(
        "{POINTS_LAYER}\n[[layer]]\nid = \"second\"\nschema = \"points\"\nsource.csv = {{ path = \"second.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }}\n"
    );
    folder
        .write("second.csv", "ID,NAME,LON,LAT,NAICS\n1,Meat,-95,35,311611\n")
        .pipeline(&second);
    folder.run().code(0);
    made_before_classes(&folder);
    let path = folder.latest().join("links/facility_sector/second.parquet");
    let links = geoparquet::read(&path, None).unwrap();
    let mut bytes = Vec::new();
    geoparquet::write_table(
        &links.slice(1, links.num_rows() - 1),
        &[],
        &WriteOptions::default(),
        &mut bytes,
    )
    .unwrap();
    overwrite(&path, &bytes);
    sign(&folder.path().join("store"), &folder.latest());
    let found = folder.cikr(&["verify", "store"]).code(7).stdout;
    assert!(
        found.contains("facility `second:1` has 0 primary rows"),
        "{found}"
    );
}
