//! Parquet that other programs wrote (tests/interop/writers.py), in files and folders.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use crate::program::{Ended, Folder, POINTS_LAYER, ROOT, by_id, rows};

fn fixture(folder: &Folder, name: &str, to: &str) {
    let from = Path::new(ROOT).join("tests/fixtures/parquet").join(name);
    if from.is_dir() {
        for entry in fs::read_dir(&from).unwrap() {
            let name_of = entry.unwrap().file_name().into_string().unwrap();
            fixture(folder, &format!("{name}/{name_of}"), &format!("{to}/{name_of}"));
        }
        return;
    }
    folder.write(to, fs::read(from).unwrap());
}

fn schema(folder: &Folder) {
    folder.schema("points", "point", "");
    let mut schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    for name in [
        "SMALL", "LARGE", "OPEN", "DAY", "AT", "LOCAL", "PRICE", "KIND", "TAGS", "PAIR", "STATE",
    ] {
        let lower = name.to_lowercase();
        schema +=
            &format!("\n[[field]]\nname = \"v_{lower}\"\nfrom = [\"{name}\"]\ndescription = \"{name}\"\n");
    }
    folder.write("schemas/points.toml", schema);
}

fn run(folder: &Folder, more: &str) -> Ended {
    schema(folder);
    folder.pipeline(&format!(
        "[[layer]]\nid = \"points\"\nsource.parquet = {{ path = \"source.parquet\"{more} }}\n"
    ));
    folder.run()
}

/// Values of the row with key 1, and how many rows have one.
fn first(folder: &Folder, column: &str) -> Option<String> {
    by_id(&folder.latest().join("layers/points"), column)
        .remove("points:1")
        .unwrap()
}

#[test]
fn files_of_every_writer_come_out_the_same() {
    for (file, more) in [
        ("arrow_brotli.parquet", ""),
        ("arrow_gzip.parquet", ""),
        ("arrow_lz4.parquet", ""),
        ("duckdb_2.parquet", ""),
        ("duckdb_none.parquet", ""),
        ("pandas_1_1.parquet", ""),
        ("polars.parquet", ", geometry = \"GEOMETRY\", crs = \"OGC:CRS84\""),
        ("sedona_1_1.parquet", ""),
        ("sedona_2_0.parquet", ""),
    ] {
        let folder = Folder::new();
        fixture(&folder, file, "source.parquet");
        let ended = run(&folder, more).code(0);
        let report = ended.layer("points");
        assert_eq!((report.rows_read, report.rows_written), (5, 4), "{file}");
        assert_eq!(report.rejects_by_reason.get("null_geometry"), Some(&1), "{file}");
        for (column, expected) in [
            ("name", "Señor"),
            ("v_small", "0.1"),
            ("v_large", "0.1"),
            ("v_open", "true"),
            ("v_day", "2020-02-29"),
            ("v_at", "2016-02-04T13:00:00.250Z"),
            ("v_local", "2016-02-04T13:00:00.250"),
            ("v_price", "123.45"),
            ("v_kind", "a"),
            ("v_tags", r#"["x","y"]"#),
            ("v_pair", r#"{"n":1,"t":"one"}"#),
            ("state_code", "TX"),
        ] {
            assert_eq!(
                first(&folder, column).as_deref(),
                Some(expected),
                "{file}: {column}"
            );
        }
    }
}

#[test]
fn a_folder_is_one_source_and_its_names_are_a_column() {
    let folder = Folder::new();
    fixture(&folder, "duckdb_folder", "source.parquet");
    folder.write("source.parquet/_SUCCESS", "");
    let ended = run(&folder, "").code(0);
    assert_eq!(
        (
            ended.layer("points").rows_read,
            ended.layer("points").rows_written
        ),
        (5, 4)
    );
    let states: Vec<_> = by_id(&folder.latest().join("layers/points"), "v_state")
        .into_values()
        .collect();
    assert_eq!(
        states,
        [Some("TX"), Some("TX"), Some("AL"), None].map(|state| state.map(str::to_owned))
    );
    let rejects = cikr::geoparquet::read(&folder.latest().join("rejects/points.parquet"), None).unwrap();
    let sources = rejects
        .column_by_name("source")
        .unwrap()
        .as_any()
        .downcast_ref::<StringArray>()
        .unwrap();
    assert_eq!(
        sources.value(0),
        "source.parquet/STATE=S%C3%A3o%2C%201%2F2/data_0.parquet"
    );
    folder.run().code(0).says("published");
}

#[test]
fn a_folders_key_that_repeats_a_column_stands_beside_it() {
    let folder = Folder::new();
    fixture(
        &folder,
        "arrow_gzip.parquet",
        "source.parquet/KIND=folder/part.parquet",
    );
    schema(&folder);
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("[\"STATE\"]", "[\"KIND_2\"]"),
    );
    folder.pipeline("[[layer]]\nid = \"points\"\nsource.parquet = { path = \"source.parquet\" }\n");
    let ended = folder.run().code(0);
    assert!(ended.stderr.contains("KIND_2"), "{}", ended.stderr);
    assert_eq!(first(&folder, "v_kind").as_deref(), Some("a"));
    assert_eq!(first(&folder, "v_state").as_deref(), Some("folder"));
}

/// What the program publishes, it can take in: tiles as a source, both of a folder and of one file.
#[test]
fn tiles_are_sources_too() {
    let folder = Folder::new();
    folder
        .points("1,A,48001,5,-95,35\n2,B,01001,6,-85,35\n")
        .run()
        .code(0);
    let data = folder.latest().join("layers/points/data");
    folder.schema("again", "point", "");
    let schema = fs::read_to_string(folder.path().join("schemas/again.toml")).unwrap();
    folder.write(
        "schemas/again.toml",
        schema
            .replace("[\"ID\"]", "[\"facility_id\"]")
            .replace("[\"NAME\"]", "[\"region\"]"),
    );
    folder.pipeline(&format!(
        "[[layer]]\nid = \"again\"\nsource.parquet = {{ path = \"{}\" }}\n",
        data.display()
    ));
    let ended = folder.run().code(0);
    assert_eq!(ended.layer("again").rows_written, 2);
    let regions = by_id(&folder.latest().join("layers/again"), "name");
    assert_eq!(
        regions.into_values().collect::<Vec<_>>(),
        ["R06", "R04"].map(|region| Some(region.to_owned()))
    );
    assert_eq!(rows(&folder.latest().join("layers/again")).len(), 2);
}

/// The two states as a layer of polygons, published, and then taken as boundaries.
#[test]
fn boundaries_may_be_parquet() {
    let folder = Folder::new();
    folder
        .points("1,A,48001,5,-95,35\n2,B,01001,6,-85,35\n")
        .schema("areas", "polygon", "");
    let schema = fs::read_to_string(folder.path().join("schemas/areas.toml")).unwrap();
    folder.write("schemas/areas.toml", schema.replace("[\"ID\"]", "[\"GEOID\"]"));
    folder.pipeline(
        "[[layer]]\nid = \"areas\"\nsource.geojson = { path = \"states.geojson\" }\ninventory = false\n",
    );
    folder.run().code(0);
    let areas = folder.latest().join("layers/areas/data");
    folder.points("1,A,48001,5,-95,35\n2,B,01001,6,-85,35\n");
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let set = format!(
        "source.parquet = {{ path = \"{}\" }}\ncode = \"id\"",
        areas.display()
    );
    let was = "source.geojson = { path = \"states.geojson\" }\ncode = \"GEOID\"";
    assert!(pipeline.contains(was));
    folder.write("pipeline.toml", pipeline.replacen(was, &set, 1));
    folder.run().code(0);
    let states = by_id(&folder.latest().join("layers/points"), "state_code");
    assert_eq!(
        states.into_values().collect::<Vec<_>>(),
        ["TX", "AL"].map(|state| Some(state.to_owned()))
    );
}

/// A dictionary that claims other values than it has gives the rows that there are, or none.
#[test]
fn a_dictionary_that_miscounts_gives_no_other_rows() {
    let ids = ["a", "b", "c", "a", "b", "c"];
    let names: ArrayRef = Arc::new(StringArray::from(ids.to_vec()));
    let wkb = [
        &[1, 1, 0, 0, 0][..],
        &(-95_f64).to_le_bytes(),
        &35_f64.to_le_bytes(),
    ]
    .concat();
    let points: ArrayRef = Arc::new(BinaryArray::from_iter_values(ids.iter().map(|_| wkb.as_slice())));
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values((1..=6).map(|key| key.to_string())));
    let columns = [("NAME", names), ("ID", keys), ("geometry", points)];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    // The header of the first page ends in a struct (field 7) with the number of its values (field 1, zigzag).
    let at = 4
        + file[4..]
            .windows(2)
            .position(|bytes| bytes == [0x4C, 0x15])
            .unwrap()
        + 2;
    assert_eq!(file[at], 2 * 3, "a dictionary of three values");
    for claim in [0, 1, 2, 3, 4, 60] {
        file[at] = 2 * claim;
        let folder = Folder::new();
        folder.points("1,A,48001,5,-95,35\n").write("d.parquet", &file);
        let source = "parquet = { path = \"d.parquet\", geometry = \"geometry\", crs = \"EPSG:4326\" }";
        folder.pipeline(&format!(
            "{POINTS_LAYER}[[layer]]\nid = \"d\"\nschema = \"points\"\nsource.{source}\n"
        ));
        let layer = folder.run().layer("d");
        if layer.rows_written > 0 || claim == 3 {
            let published = by_id(&folder.latest().join("layers/d"), "name");
            assert_eq!(
                published.into_values().flatten().collect::<Vec<_>>(),
                ids,
                "{claim} values claimed"
            );
        } else {
            let reason = layer.reason().unwrap();
            assert!(
                reason.contains("d.parquet") && !reason.contains("panicked"),
                "{claim}: {reason}"
            );
        }
    }
}
