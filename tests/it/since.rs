//! `cikr changes`: two kept releases are compared directly, and what it says of neighbours is what the night said.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use arrow_array::RecordBatch;
use cikr::feature::spelling::spell_value;
use cikr::geoparquet;
use serde_json::Value;

use crate::program::Folder;

const FIRST: &str = "1,A,48001,5,-95,35\n2,B,48001,6,-94,35\n3,C,01001,7,-85,35\n4,D,,8,-95.5,34\n";
/// 2 has more beds, 3 has gone, 4 has moved, 5 is new.
const SECOND: &str = "1,A,48001,5,-95,35\n2,B,48001,9,-94,35\n4,D,,8,-95.6,34\n5,E,48001,1,-96,36\n";
/// 2 has its beds of the first night again, 5 has another name.
const THIRD: &str = "1,A,48001,5,-95,35\n2,B,48001,6,-94,35\n4,D,,8,-95.6,34\n5,F,48001,1,-96,36\n";

fn three_nights() -> (Folder, [String; 3]) {
    let folder = Folder::new();
    let ids = [FIRST, SECOND, THIRD].map(|rows| {
        folder.points(rows);
        let pipeline = folder.path().join("pipeline.toml");
        let text = fs::read_to_string(&pipeline).unwrap();
        // Keys go and come here: the gate is not what is tried.
        let text = text.replace(
            "id = \"points\"",
            "id = \"points\"\ngate = { shrink = 90, grow = 900 }",
        );
        fs::write(pipeline, text).unwrap();
        folder.run().code(0).report().release.to_string()
    });
    (folder, ids)
}

fn changes(folder: &Folder, args: &[&str]) -> Value {
    let args = [&["changes", "--store", "store", "--format", "json"], args].concat();
    serde_json::from_str(&folder.cikr(&args).code(0).stdout).unwrap()
}

/// Rows of a table of changes, each as `change|id|field|old|new|moved`.
fn rows(table: &RecordBatch) -> BTreeSet<String> {
    let columns = ["change", "facility_id", "field", "old", "new", "distance_m"];
    let spell = |row: usize, name: &str| {
        let column = table.column_by_name(name).unwrap();
        spell_value(column, row).unwrap_or_default()
    };
    (0..table.num_rows())
        .map(|row| columns.map(|name| spell(row, name)).join("|"))
        .collect()
}

#[test]
fn neighbours_differ_as_the_night_has_told() {
    let (folder, [first, second, third]) = three_nights();
    for (since, to) in [(&first, &second), (&second, &third)] {
        let told = folder
            .path()
            .join("store/public/releases")
            .join(to)
            .join("changes/points.parquet");
        let told = rows(&geoparquet::read(&told, None).unwrap());
        let file = folder.path().join(format!("{to}.parquet"));
        let path = file.to_str().unwrap();
        changes(&folder, &["--since", since, "--to", to, "-o", path]);
        assert!(!told.is_empty());
        assert_eq!(rows(&geoparquet::read(&file, None).unwrap()), told);
    }
}

#[test]
fn releases_are_compared_over_the_nights_between_them_and_back() {
    let (folder, [first, ..]) = three_nights();
    let found = changes(&folder, &["--since", &first]);
    let layer = &found["layers"][0]["changes"];
    let counts =
        ["added", "removed", "changed", "recomputed", "unchanged"].map(|name| layer[name].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1, 0, 2], "{found:#}");
    let fields: Vec<&str> = found["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["field"].as_str())
        .collect();
    assert_eq!(
        fields,
        ["geometry"],
        "the beds of 2 are those of the first night again"
    );
    let moved = found["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|row| row["distance_m"].as_f64());
    assert!((9_000.0..9_300.0).contains(&moved.unwrap()), "{moved:?}");

    folder
        .cikr(&["pin", &first, "--name", "spring", "--store", "store"])
        .code(0);
    let back = changes(&folder, &["--since", "latest", "--to", "spring"]);
    assert_eq!(back["layers"][0]["changes"]["removed"], 1);
    assert_eq!(back["layers"][0]["changes"]["added"], 1);
    let same = changes(&folder, &["--since", "spring", "--to", "spring"]);
    assert_eq!(
        (same["rows"].as_u64(), &same["layers"][0]["changes"]["unchanged"]),
        (Some(0), &Value::from(4))
    );
}

#[test]
fn what_differs_is_written_in_three_formats_and_no_file_is_lost() {
    let (folder, [first, ..]) = three_nights();
    for name in ["c.csv", "c.json", "c.parquet"] {
        let args = ["changes", "--store", "store", "--since", &first, "-o", name];
        folder.cikr(&args).code(0);
        folder.cikr(&args).code(6).says("exists");
        folder.cikr(&[&args[..], &["--force"]].concat()).code(0);
    }
    let csv = fs::read_to_string(folder.path().join("c.csv")).unwrap();
    assert!(
        csv.starts_with("layer,facility_id,name,state_code,change,field,old,new,distance_m\n"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 1 + 3);
    let json = fs::read_to_string(folder.path().join("c.json")).unwrap();
    let lines: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    let table = geoparquet::read(Path::new(&folder.path().join("c.parquet")), None).unwrap();
    assert_eq!(
        (table.num_rows(), table.schema().field(0).name().as_str()),
        (3, "layer")
    );
    let words = folder
        .cikr(&["changes", "--store", "store", "--since", &first, "--limit", "1"])
        .code(0)
        .stdout;
    assert!(
        words.contains("1 added, 1 removed, 1 changed, 2 unchanged") && words.contains("2 more"),
        "{words}"
    );
}

#[test]
fn what_can_t_be_compared_is_named() {
    let (folder, [first, second, _]) = three_nights();
    let refused = |args: &[&str], code: i32, text: &str| {
        let args = [&["changes", "--store", "store"], args].concat();
        folder.cikr(&args).code(code).says(text);
    };
    refused(
        &["--since", "20200101T000000000Z"],
        6,
        &format!("the oldest that stands is {first}"),
    );
    refused(
        &["--since", "2020-01-01"],
        6,
        "no release of 2020-01-01 or before",
    );
    refused(&["--since", &first, "--to", "v9"], 6, "there is no release `v9`");
    refused(&["--since", &first, "--layer", "dams"], 2, "they have points");
    refused(&["--since", &first, "-o", "c.docx"], 2, ".csv, .json or .parquet");
    let all = changes(&folder, &["--since", "2999-01-01"]);
    assert_eq!(all["since"], all["to"], "the last release of that day or before");
    // A tile that both have is not read; one that differs must be what was published.
    let release = folder.path().join("store/public/releases").join(&second);
    let tile = crate::program::tiles(&release.join("layers/points")).remove(0);
    let mut bytes = fs::read(&tile).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&tile).unwrap();
    fs::write(&tile, bytes).unwrap();
    refused(&["--since", &second], 6, "is damaged");
}
