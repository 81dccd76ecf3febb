//! A release against the one before: what is added, removed, changed, and what must not count as such; and the feed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use arrow_array::{Array, Float64Array, RecordBatch, StringArray};
use cikr::feature::{ColumnChange, LayerChanges, LayerStatus};

use crate::program::{Ended, Folder, ROOT};

const ROWS: &str = "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n3,C,,7,-94,34\n";

fn csv(rows: &str) -> String {
    format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{rows}")
}

/// A night over `points.csv`, and its changes.
#[track_caller]
fn night(folder: &Folder, rows: &str) -> LayerChanges {
    folder.write("points.csv", csv(rows));
    let changes = folder.run().code(0).layer("points").changes.unwrap();
    folder.cikr(&["verify", "store"]).code(0);
    changes
}

fn table(folder: &Folder, layer: &str) -> RecordBatch {
    let file = folder.latest().join(format!("changes/{layer}.parquet"));
    cikr::geoparquet::read(&file, None).unwrap()
}

/// Facility, change, field, old and new of every row.
fn told(rows: &RecordBatch) -> Vec<String> {
    let columns: Vec<&StringArray> = ["facility_id", "change", "field", "old", "new"]
        .iter()
        .map(|name| {
            rows.column_by_name(name)
                .unwrap()
                .as_any()
                .downcast_ref()
                .unwrap()
        })
        .collect();
    let text = |column: &&StringArray, row: usize| {
        if column.is_valid(row) {
            column.value(row).to_owned()
        } else {
            "-".to_owned()
        }
    };
    (0..rows.num_rows())
        .map(|row| {
            columns
                .iter()
                .map(|column| text(column, row))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

fn fields(changes: &LayerChanges) -> Vec<(&str, u64)> {
    changes
        .fields
        .iter()
        .map(|(field, rows)| (field.as_str(), *rows))
        .collect()
}

#[test]
fn a_first_release_has_nothing_to_compare_with() {
    let folder = Folder::new();
    folder.points(ROWS);
    let layer = folder.run().code(0).layer("points");
    assert_eq!(layer.changes, None);
    assert_eq!(
        layer.not_compared.as_deref(),
        Some("no release before has rows of it")
    );
    assert!(!folder.latest().join("changes").exists());
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn added_removed_moved_and_changed_facilities_are_told() {
    let folder = Folder::new();
    folder.points(ROWS);
    let first = folder.run().code(0).report();
    // The rows come in another order; 1 has one bed more, 2 lies elsewhere, 4 is there instead of 3.
    let changes = night(
        &folder,
        "4,D,,8,-96,33\n2,B,01001,6,-85,36.5\n1,A,48001,6,-95,35\n",
    );
    assert_eq!(changes.against, first.release.as_str());
    assert_eq!(
        (changes.added, changes.removed, changes.changed, changes.unchanged),
        (1, 1, 2, 0)
    );
    assert_eq!(fields(&changes), [("beds", 1), ("geometry", 1)]);
    assert_eq!(changes.counts_in_words(), "1 added, 1 removed, 2 changed");
    let rows = table(&folder, "points");
    assert_eq!(
        told(&rows),
        [
            "points:4 added - - -",
            "points:3 removed - - -",
            "points:1 changed beds 5 6",
            "points:2 changed geometry POINT (-85 36) POINT (-85 36.5)",
        ]
    );
    let moved: &Float64Array = rows
        .column_by_name("distance_m")
        .unwrap()
        .as_any()
        .downcast_ref()
        .unwrap();
    assert!(
        (0..3).all(|row| moved.is_null(row)) && (moved.value(3) - 55_500.0).abs() < 100.0,
        "{moved:?}"
    );
    let name: &StringArray = rows
        .column_by_name("name")
        .unwrap()
        .as_any()
        .downcast_ref()
        .unwrap();
    assert_eq!(name.iter().flatten().collect::<Vec<_>>(), ["D", "C", "A", "B"]);
    for (file, words) in [
        ("README.md", "| `points` | 1 | 1 | 2 | 0 | 0 |"),
        ("report.html", "Changes of facilities"),
        ("layers/points/collection.json", "../../changes/points.parquet"),
    ] {
        let text = fs::read_to_string(folder.latest().join(file)).unwrap();
        assert!(text.contains(words), "{words} in {file}:\n{text}");
    }
}

#[test]
fn a_night_without_changes_has_none_and_carries_none_along() {
    let folder = Folder::new();
    folder.points(ROWS);
    folder.run().code(0);
    assert_eq!(night(&folder, &ROWS.replace(",5,", ",9,")).changed, 1);
    for again in [
        &["run", "pipeline.toml", "--format", "json"][..],
        &["run", "pipeline.toml", "--format", "json", "--rebuild"],
    ] {
        let changes = folder.cikr(again).code(0).layer("points").changes.unwrap();
        assert!(!changes.is_some(), "{changes:?}");
        assert_eq!((changes.unchanged, table(&folder, "points").num_rows()), (3, 0));
        folder.cikr(&["verify", "store"]).code(0);
    }
}

#[test]
fn a_carried_layer_is_unchanged() {
    let folder = Folder::new();
    folder
        .points(ROWS)
        .schema("more", "point", "")
        .write("more.csv", csv(ROWS));
    let second = "\n[[layer]]\nid = \"more\"\nsource.csv = { path = \"more.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n";
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write("pipeline.toml", pipeline + second);
    folder.run().code(0);
    night(&folder, &ROWS.replace(",5,", ",9,"));
    fs::remove_file(folder.path().join("points.csv")).unwrap();
    let layer = folder.run().code(5).layer("points");
    assert_eq!(layer.status(), LayerStatus::Carried);
    let changes = layer.changes.unwrap();
    assert!(!changes.is_some() && changes.unchanged == 3, "{changes:?}");
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn what_is_computed_here_is_told_apart() {
    let folder = Folder::new();
    folder.points(ROWS);
    folder.run().code(0);
    let counties = fs::read_to_string(folder.path().join("counties.geojson")).unwrap();
    folder.write("counties.geojson", counties.replace("n48001", "Anderson"));
    let changes = night(&folder, ROWS);
    assert_eq!(
        (changes.changed, changes.recomputed, changes.unchanged),
        (0, 2, 1)
    );
    assert_eq!(fields(&changes), [("county_name", 2)]);
    assert_eq!(
        told(&table(&folder, "points"))[0],
        "points:1 recomputed county_name n48001 Anderson"
    );
}

#[test]
fn what_changes_in_every_row_is_told_once() {
    let folder = Folder::new();
    let rows = |stamp: &str, beds: u32| -> String {
        (0..12)
            .map(|id| {
                format!(
                    "{id},{stamp},,{},-95,{}\n",
                    if id == 3 { beds } else { id },
                    31 + id % 3
                )
            })
            .collect()
    };
    folder.points(&rows("2023-05", 7));
    folder.run().code(0);
    let changes = night(&folder, &rows("2023-11", 8));
    let stamp = ColumnChange {
        field: "name".to_owned(),
        old: Some("2023-05".to_owned()),
        new: Some("2023-11".to_owned()),
    };
    assert_eq!(
        (changes.changed, changes.unchanged, changes.every_row.clone()),
        (1, 11, vec![stamp])
    );
    assert_eq!(
        told(&table(&folder, "points")),
        ["- every_row name 2023-05 2023-11", "points:3 changed beds 7 8"]
    );
    assert_eq!(changes.remarks(), ["name: 2023-05 → 2023-11 in every row"]);
}

#[test]
fn a_column_that_comes_goes_or_turns_is_no_change_of_the_rows() {
    let folder = Folder::new();
    let more = |name: &str, kind: &str| {
        format!("\n[[field]]\nname = \"{name}\"\nfrom = [\"BEDS\"]\ntype = \"{kind}\"\ndescription = \"d\"\n")
    };
    folder.points(ROWS);
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.clone() + &more("old_count", "integer") + &more("size", "text"),
    );
    folder.run().code(0);
    folder.write(
        "schemas/points.toml",
        schema + &more("new_count", "integer") + &more("size", "number"),
    );
    let changes = night(&folder, ROWS);
    assert_eq!(
        (changes.changed, changes.recomputed, changes.unchanged),
        (0, 0, 3)
    );
    assert_eq!(
        (&*changes.columns_added, &*changes.columns_dropped),
        (&["new_count".to_owned()][..], &["old_count".to_owned()][..])
    );
    let turned = ("size", Some("string"), Some("double"));
    let retyped = &changes.columns_retyped[0];
    assert_eq!(
        (
            retyped.field.as_str(),
            retyped.old.as_deref(),
            retyped.new.as_deref()
        ),
        turned
    );
    assert!(changes.is_read_otherwise);
}

#[test]
fn a_key_that_is_given_out_anew_is_told() {
    let folder = Folder::new();
    folder.points(ROWS);
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("from = [\"ID\"]", "from = [\"OBJECTID\"]"),
    );
    folder.write("points.csv", csv(ROWS).replace("ID,", "OBJECTID,"));
    folder.run().code(0);
    let renumbered =
        csv("7,A,48001,5,-95,35\n8,B,01001,6,-85,36\n9,C,,7,-94,34\n").replace("ID,", "OBJECTID,");
    folder.write("points.csv", renumbered);
    let changes = folder.run().code(0).layer("points").changes.unwrap();
    assert_eq!(
        (changes.added, changes.removed, changes.is_key_unstable),
        (3, 3, true)
    );
    assert!(changes.remarks()[0].starts_with("the key is a number that sources give out anew"));
}

#[test]
fn a_part_of_a_source_is_not_compared_with_the_whole() {
    let folder = Folder::new();
    folder.points(ROWS);
    folder.run().code(0);
    let part = [
        "run",
        "pipeline.toml",
        "--limit",
        "2",
        "--store",
        "store",
        "--format",
        "json",
    ];
    let is_compared = |ended: Ended| {
        let layer = ended.code(0).layer("points");
        assert_eq!(
            layer.changes.is_some(),
            folder.latest().join("changes/points.parquet").exists()
        );
        assert!(layer.not_compared.is_none_or(|reason| reason.contains("--limit")));
        layer.changes.is_some()
    };
    assert!(!is_compared(folder.cikr(&part)));
    assert!(!is_compared(folder.run()), "the whole after a part");
    assert!(is_compared(folder.run()));
}

#[test]
fn a_damaged_release_before_is_no_reason_to_fail() {
    let folder = Folder::new();
    folder.points(ROWS);
    folder.run().code(0);
    let tile = folder
        .latest()
        .join("layers/points/data/region=R06/part-000.parquet");
    let bytes = fs::read(&tile).unwrap();
    fs::write(&tile, vec![0; bytes.len()]).unwrap();
    folder.write("points.csv", csv(&ROWS.replace(",5,", ",9,")));
    let ended = folder.run().code(0).says("not compared with the last release");
    let layer = ended.layer("points");
    assert_eq!((layer.status(), layer.changes), (LayerStatus::Published, None));
    assert!(layer.not_compared.unwrap().contains("are damaged"));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn the_same_two_nights_give_the_same_bytes_on_any_number_of_threads() {
    let made = |threads: &str| -> Vec<u8> {
        let folder = Folder::new();
        let rows = |beds: u32| -> String {
            (0..3_000)
                .map(|id| format!("{id},N{id},,{},-{}.{id},35\n", id + beds * (id % 3), 81 + id % 18))
                .collect()
        };
        folder.points(&rows(0));
        let run = |threads: &str| {
            folder
                .cikr(&["run", "pipeline.toml", "-q", "--threads", threads])
                .code(0)
        };
        run("2");
        folder.write("points.csv", csv(&rows(5)));
        run(threads);
        fs::read(folder.latest().join("changes/points.parquet")).unwrap()
    };
    assert!(made("1") == made("2"));
}

/// Rows of a vintage by plant code.
fn plants(month: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let path = Path::new(ROOT).join(format!("tests/fixtures/eia/power_plants_{month}.csv"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    rows.map(|row| row.unwrap())
        .map(|row| (row["Plant_Code"].clone(), row))
        .collect()
}

#[test]
fn two_vintages_of_a_real_file_are_matched_by_key() {
    let folder = Folder::new();
    let samples = Path::new(ROOT).join("sample-data").display().to_string();
    folder.pipeline("");
    folder.write(
        "schemas/power_plants.toml",
        fs::read(Path::new(ROOT).join("schemas/power_plants.toml")).unwrap(),
    );
    folder.write(
        "pipeline.toml",
        format!(
            "id = \"eia\"\ntitle = \"EIA\"\nstore = \"store\"\nschemas = \"schemas\"\n\n[[jurisdiction]]\nid = \"state\"\n\
             kind = \"state\"\nvintage = \"2017\"\nsource.ogr = {{ path = \"{samples}/us_states.zip\" }}\ncode = \"GEOID\"\n\
             name = \"NAME\"\nnearest-m = 20000\nagency = \"Census\"\nlicence = \"public domain\"\n\n[[layer]]\n\
             id = \"power_plants\"\nsource.csv = {{ path = \"plants.csv\", x = \"Longitude\", y = \"Latitude\", crs = \"EPSG:4326\" }}\n"
        ),
    );
    let (before, after) = (plants("202305"), plants("202311"));
    let file = |month: &str| {
        fs::read(Path::new(ROOT).join(format!("tests/fixtures/eia/power_plants_{month}.csv"))).unwrap()
    };
    folder.write("plants.csv", file("202305"));
    folder.run().code(0);
    folder.write("plants.csv", file("202311"));
    let changes = folder.run().code(0).layer("power_plants").changes.unwrap();
    folder.cikr(&["verify", "store"]).code(0);

    let shared: BTreeSet<&String> = before.keys().filter(|code| after.contains_key(*code)).collect();
    assert!(
        shared
            .iter()
            .all(|code| before[*code]["OBJECTID"] != after[*code]["OBJECTID"])
    );
    let counted = (
        changes.added,
        changes.removed,
        changes.changed + changes.recomputed + changes.unchanged,
    );
    assert_eq!(counted, (24, 19, shared.len() as u64));
    assert_eq!(
        (after.len() - shared.len(), before.len() - shared.len()),
        (24, 19)
    );
    assert_eq!(changes.every_row[0].field, "period");
    let differ = |column: &str| -> u64 {
        let differs = |code: &&&String| before[**code][column].trim() != after[**code][column].trim();
        shared.iter().filter(differs).count() as u64
    };
    for (field, column) in [
        ("name", "Plant_Name"),
        ("utility_id", "Utility_ID"),
        ("utility_name", "Utility_Name"),
        ("facility_type", "PrimSource"),
        ("sources_description", "source_desc"),
        ("county_name_claimed", "County"),
        ("capacity_mw", "Total_MW"),
        ("installed_capacity_mw", "Install_MW"),
        ("latitude_stated", "Latitude"),
    ] {
        assert_eq!(
            changes.fields.get(field).copied().unwrap_or(0),
            differ(column),
            "{field}"
        );
    }
    let ignored = ["OBJECTID", "X", "Y", "Period"];
    let differing = shared.iter().filter(|code| {
        let (old, new) = (&before[**code], &after[**code]);
        old.iter()
            .any(|(name, value)| !ignored.contains(&name.as_str()) && value.trim() != new[name].trim())
    });
    assert_eq!(changes.changed, differing.count() as u64);
}

#[test]
fn the_feed_lists_the_releases_that_are_kept_and_says_which_is_the_latest() {
    let folder = Folder::new();
    folder.points(ROWS);
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        pipeline.replace("store = \"store\"", "store = \"store\"\nkeep = 2"),
    );
    let feed = || fs::read_to_string(folder.path().join("store/public/feed.xml")).unwrap();
    let entries = |feed: &str| -> Vec<String> {
        let links = feed
            .split("<entry>")
            .skip(1)
            .map(|entry| entry.split("releases/").nth(1).unwrap());
        links
            .map(|rest| rest.split('/').next().unwrap().to_owned())
            .collect()
    };
    let first = folder.run().code(0).report().release.to_string();
    let only = feed();
    assert_eq!(entries(&only), [&*first]);
    let changes = night(&folder, &ROWS.replace(",5,", ",9,"));
    assert_eq!(changes.changed, 1);
    let second = folder
        .latest()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let both = feed();
    assert_eq!(entries(&both), [&*second, &*first]);
    assert!(
        both.contains("<li><b>points</b>: 1 changed, 2 unchanged</li>"),
        "{both}"
    );
    // The feed itself leads to the latest, and so does the mark on its entry.
    let latest = |feed: &str| -> Vec<String> {
        let parts: Vec<&str> = feed.split("<entry>").collect();
        let marked = parts
            .iter()
            .skip(1)
            .filter(|entry| entry.contains("term=\"latest\""));
        let ids = parts[..1]
            .iter()
            .chain(marked)
            .map(|part| part.split("releases/").nth(1).unwrap());
        ids.map(|rest| rest.split('/').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(latest(&both), [&*second, &*second]);
    // Past entries stay as they are but for the mark of the latest.
    let without = |entry: String| {
        entry
            .replace("    <category term=\"latest\"/>\n", "")
            .replace("</feed>\n", "")
    };
    let last_of = |feed: &str| without(feed.rsplit("<entry>").next().unwrap().to_owned());
    assert_eq!(last_of(&both), last_of(&only));
    folder.cikr(&["rollback", &first, "--store", "store"]).code(0);
    let rolled = feed();
    assert_eq!(entries(&rolled), [&*second, &*first]);
    assert_eq!(latest(&rolled), [&*first, &*first]);
    folder.cikr(&["rollback", &second, "--store", "store"]).code(0);
    assert_eq!(feed(), both);
    // A night of a store that is frozen has an entry, and no mark.
    night(&folder, ROWS);
    assert_eq!(entries(&feed()).len(), 3);
    assert_eq!(latest(&feed()), [&*second, &*second]);
    folder.cikr(&["latest", "--follow", "--store", "store"]).code(0);
    assert_eq!(latest(&feed())[0], entries(&feed())[0]);
}

/// Digits beyond the twelfth are no move; one vertex more is.
#[test]
fn lines_and_surfaces_move_by_their_vertices_not_by_their_last_digits() {
    for (kind, shape) in [
        (
            "line",
            r#"{"type":"LineString","coordinates":[[-95,35],[LAST,36.25],[-94,36]]}"#,
        ),
        (
            "polygon",
            r#"{"type":"Polygon","coordinates":[[[-95,35],[LAST,36.25],[-94,35],[-95,35]]]}"#,
        ),
        (
            "polygon",
            r#"{"type":"MultiPolygon","coordinates":[[[[-95,35],[LAST,36.25],[-94,35],[-95,35]]],[[[-93,35],[-92,36],[-92,35],[-93,35]]]]}"#,
        ),
    ] {
        let folder = Folder::new();
        folder.schema("shapes", kind, "");
        folder.pipeline("[[layer]]\nid = \"shapes\"\nsource.geojson = { path = \"shapes.geojson\" }\n");
        let night = |shape: &str| {
            let feature =
                format!(r#"{{"type":"Feature","properties":{{"ID":"1","NAME":"A"}},"geometry":{shape}}}"#);
            folder.write(
                "shapes.geojson",
                format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#),
            );
            folder.run().code(0).layer("shapes").changes
        };
        let vertex = |x: &str| shape.replace("LAST", x);
        night(&vertex("-94.7"));
        let counts = |shape: &str| {
            let changes = night(shape).unwrap();
            (changes.changed, changes.recomputed, changes.unchanged)
        };
        assert_eq!(counts(&vertex("-94.700000000001")), (0, 0, 1), "{shape}");
        assert_eq!(
            counts(&vertex("-94.700000000001").replace("36.25]", "36.250000000001]")),
            (0, 0, 1),
            "{shape}"
        );
        assert_eq!(counts(&vertex("-94.7000001")), (1, 0, 0), "{shape}");
        let more =
            vertex("-94.7000001").replace("[-94.7000001,36.25]", "[-94.7000001,36.25],[-94.7000001,36.25]");
        assert_eq!(counts(&more), (1, 0, 0), "{shape}");
    }
}
