//! Flags as part of a release: in the report, the README, carried with their layer, and verified.

use std::fs;
use std::path::Path;

use cikr::feature::{FlagCode, Flags, LayerStatus};

use super::{column, field, flags, prepared};
use crate::program::{Folder, ROOT, by_id};

const SECTOR: &str = "\n[sector]\ncode = \"HLPH\"\n";

fn folder(csv: &str) -> Folder {
    prepared(&field("fips", "\"V\"", "pad = 5"), SECTOR, csv)
}

fn flags_file(release: &Path) -> std::path::PathBuf {
    release.join("quality/flags/things.parquet")
}

#[test]
fn a_clean_layer_has_an_empty_table_of_flags() {
    let folder = folder(&column(&["06037", "48201"]));
    let ended = folder.run().code(0);
    assert!(ended.layer("things").flags.is_empty());
    let table = cikr::geoparquet::read(&flags_file(&folder.latest()), None).unwrap();
    let names: Vec<String> = table
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    assert_eq!(
        names,
        ["facility_id", "source", "row", "field", "value", "flag", "detail"]
    );
    assert_eq!(table.num_rows(), 0);
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn flags_name_the_row_as_rejects_do_and_rejected_rows_have_none() {
    let folder =
        folder("ID,V,LON,LAT\n1,6037,-95,35\n1,6037,-95.1,35\n,6037,-95.2,35\n2,6037,,35\n3,6037,-95.3,35\n");
    let report = folder.run().code(0).layer("things");
    assert_eq!((report.rows_written, report.rows_rejected), (2, 3));
    let table = cikr::geoparquet::read(&flags_file(&folder.latest()), None).unwrap();
    assert_eq!(super::shown(&table, "facility_id"), ["things:1", "things:3"]);
    assert_eq!(super::shown(&table, "source"), ["things.csv", "things.csv"]);
    let rows: &arrow_array::UInt64Array = table
        .column_by_name("row")
        .unwrap()
        .as_any()
        .downcast_ref()
        .unwrap();
    assert_eq!(rows.values().to_vec(), [2, 6]);
}

#[test]
fn flags_are_carried_with_their_layer_and_counted_on() {
    let folder = folder(&column(&["6037", "48201"]));
    let more = fs::read_to_string(folder.path().join("schemas/things.toml")).unwrap();
    folder
        .write("schemas/other.toml", more)
        .write("other.csv", column(&["1001"]));
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write("pipeline.toml", format!("{pipeline}\n[[layer]]\nid = \"other\"\nsource.csv = {{ path = \"other.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }}\n"));
    let first = folder.run().code(0).layer("things");
    let before = fs::read(flags_file(&folder.latest())).unwrap();
    folder.write("things.csv", "<html>gone</html>");
    let carried = folder.run().code(5).layer("things");
    assert_eq!(
        (carried.status(), &carried.flags),
        (LayerStatus::Carried, &first.flags)
    );
    assert_eq!(fs::read(flags_file(&folder.latest())).unwrap(), before);
    assert_eq!(flags(&folder.latest(), "other").len(), 1);
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn verify_notices_flags_that_are_not_those_of_the_report() {
    let folder = folder(&column(&["6037"]));
    folder.run().code(0);
    let report = folder.latest().join("report.json");
    let text = fs::read_to_string(&report).unwrap();
    assert!(text.contains("\"fips\": 1"), "{text}");
    fs::write(&report, text.replace("\"fips\": 1", "\"fips\": 2")).unwrap();
    let ended = folder.cikr(&["verify", "store"]).code(7);
    assert!(
        ended.stdout.contains("2 flags to be kept, 1 in the file"),
        "{}",
        ended.stdout
    );
}

#[test]
fn flags_are_the_same_whatever_the_batch_size() {
    let folder =
        folder("ID,V,LON,LAT\n1,6037,-95,35\n2,48201,-95.1,35\n3,1001,-95,35\n4,9,-85,35\n5,6037.0,-95,35\n");
    folder.run().code(0);
    let first = fs::read(flags_file(&folder.latest())).unwrap();
    assert_eq!(flags(&folder.latest(), "things").len(), 7, "3 points and 4 codes");
    let batches = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write("pipeline.toml", batches + "\n[limits]\nbatch-rows = 2\n");
    folder.run().code(0);
    assert!(fs::read(flags_file(&folder.latest())).unwrap() == first);
}

/// One bad column of a large layer must not outgrow it: the first flags are kept, all are counted.
#[test]
fn flags_of_a_code_are_kept_up_to_a_bound_and_counted_beyond() {
    let rows = Flags::KEPT + 7;
    let lines = (0..rows).map(|row| format!("{row},6037,{},{}\n", -95.0 + row as f64 * 1e-5, 35.0));
    let folder = folder(&format!("ID,V,LON,LAT\n{}", lines.collect::<String>()));
    let ended = folder.run().code(0);
    let report = ended.layer("things");
    assert_eq!(
        (report.rows_written, report.flags["restored_zeros"]["fips"]),
        (rows, rows)
    );
    assert_eq!(report.flags_truncated, ["restored_zeros"]);
    let kept = flags(&folder.latest(), "things");
    assert_eq!(kept.len() as u64, Flags::KEPT);
    assert!(
        kept[0].starts_with("0 |")
            && kept
                .last()
                .unwrap()
                .starts_with(&format!("{} |", Flags::KEPT - 1))
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn flags_change_no_row_and_are_told_in_readme_and_summary() {
    let folder = folder(&column(&["6037", "48201"]));
    let ended = folder.cikr(&["run", "pipeline.toml"]).code(0);
    assert!(ended.stdout.contains("published; 1 flag"), "{}", ended.stdout);
    assert_eq!(by_id(&folder.latest().join("facilities"), "layer").len(), 2);
    let readme = fs::read_to_string(folder.latest().join("README.md")).unwrap();
    assert!(
        readme.contains("| `things` | `restored_zeros` | fips 1 |"),
        "{readme}"
    );
    let guide = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    for flag in FlagCode::ALL {
        assert!(
            guide.contains(&format!("`{}`", flag.code())),
            "README.md doesn't explain {}",
            flag.code()
        );
    }
}
