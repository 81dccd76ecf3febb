//! Questions to a release: windows, what is near, jurisdictions, columns; each answer held against a look at every row.

mod at_once;
mod formats;
mod inspected;
mod nearest;
mod refused;
mod served;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use arrow_array::Array;
use cikr::feature::FacilityRows;
use cikr::kernel::geometry::wkb_bounds;
use serde_json::Value;

use crate::chance::Chance;
use crate::program::{Ended, Folder, POINTS_LAYER, rows};

/// Points of the release.
const POINTS: usize = 1_500;

/// A release of points in two states and beside them, of lines and of areas, in small pages, row groups and tiles.
pub(super) fn released() -> Folder {
    let folder = Folder::new();
    let mut chance = Chance(17);
    let mut place = |from: f64, width: usize| from + chance.below(width * 1_000) as f64 / 1_000.0;
    let points: Vec<String> = (0..POINTS)
        .map(|row| {
            let (x, y) = (place(-105.0, 30), place(28.0, 14));
            let name = if row % 7 == 0 { "" } else { "Name" };
            let beds = if row % 5 == 0 {
                "-999".to_owned()
            } else {
                (row % 90).to_string()
            };
            format!("{row},{name} {},,{beds},{x},{y}\n", row % 40)
        })
        .collect();
    folder.points(&points.concat());
    let mut layers = POINTS_LAYER.to_owned();
    for (id, kind) in [("wires", "line"), ("areas", "polygon")] {
        let features: Vec<String> = (0..120)
            .map(|number| {
                let (x, y) = (place(-99.0, 17), place(31.0, 8));
                let (far_x, far_y) = (x + place(0.0, 2), y + place(0.0, 1));
                let geometry = if kind == "line" {
                    format!(r#"{{"type":"LineString","coordinates":[[{x},{y}],[{far_x},{far_y}]]}}"#)
                } else {
                    format!(
                        r#"{{"type":"Polygon","coordinates":[[[{x},{y}],[{far_x},{y}],[{far_x},{far_y}],[{x},{y}]]]}}"#
                    )
                };
                format!(r#"{{"type":"Feature","properties":{{"ID":"{number}","NAME":"{kind}"}},"geometry":{geometry}}}"#)
            })
            .collect();
        folder.schema(id, kind, "");
        let collection = format!(
            r#"{{"type":"FeatureCollection","features":[{}]}}"#,
            features.join(",")
        );
        folder.write(&format!("{id}.geojson"), collection);
        layers += &format!("\n[[layer]]\nid = \"{id}\"\nsource.geojson = {{ path = \"{id}.geojson\" }}\n");
    }
    folder.pipeline(&layers);
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let small = "\n[output]\ngroup-rows = 60\npage-rows = 10\ntile-rows = 400\n\n[[jurisdiction]]";
    folder.write("pipeline.toml", text.replacen("\n[[jurisdiction]]", small, 1));
    folder.run().code(0);
    folder
}

pub(super) fn ask(folder: &Folder, args: &[&str]) -> Ended {
    folder.cikr(&[&["query", "store"], args].concat())
}

/// The answer as JSON; `args` are what is asked for.
pub(super) fn answer(folder: &Folder, args: &[&str]) -> Value {
    let told = ask(folder, &[args, &["--format", "json"]].concat()).code(0);
    serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}\n{}", told.stdout))
}

/// Ids of an answer, in its order.
pub(super) fn ids(folder: &Folder, args: &[&str]) -> Vec<String> {
    let found = answer(folder, &[args, &["--columns", "facility_id"]].concat());
    let rows = found["rows"].as_array().unwrap().iter();
    rows.map(|row| row["facility_id"].as_str().unwrap().to_owned())
        .collect()
}

/// What was read for an answer.
pub(super) fn account(folder: &Folder, args: &[&str]) -> Value {
    let told = ask(folder, &[args, &["--explain", "--format", "json"]].concat()).code(0);
    serde_json::from_str(&told.stdout).unwrap()
}

/// Every row of a layer in the order of its tiles.
pub(super) fn every_row(folder: &Folder, layer: &str) -> Vec<FacilityRows> {
    let batches = rows(&folder.latest().join("layers").join(layer)).into_iter();
    batches
        .map(|batch| FacilityRows::try_new(batch).unwrap())
        .collect()
}

/// Ids of the rows whose box has a point of the window, in the order of the tiles.
fn in_window(rows: &[FacilityRows], [west, south, east, north]: [f64; 4]) -> Vec<String> {
    let mut found = Vec::new();
    for rows in rows {
        let (ids, geometry) = (rows.ids().unwrap(), rows.geometry().unwrap());
        for row in 0..geometry.len() {
            let bounds = wkb_bounds(geometry.value(row)).unwrap();
            let is_between = if west <= east {
                bounds.min().x <= east && bounds.max().x >= west
            } else {
                bounds.max().x >= west || bounds.min().x <= east
            };
            if is_between && bounds.min().y <= north && bounds.max().y >= south {
                found.push(ids.value(row).unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn a_window_has_the_rows_of_a_look_at_every_row_in_the_order_of_the_tiles() {
    let folder = released();
    let mut chance = Chance(3);
    for layer in ["points", "wires", "areas"] {
        let all = every_row(&folder, layer);
        let mut most = 0;
        for _ in 0..5 {
            let west = -106.0 + chance.below(28) as f64;
            let south = 27.0 + chance.below(13) as f64;
            let window = [
                west,
                south,
                west + 2.0 + chance.below(5) as f64,
                south + 2.0 + chance.below(5) as f64,
            ];
            let written = window.map(|side| side.to_string()).join(",");
            let expected = in_window(&all, window);
            assert_eq!(
                ids(&folder, &["--layer", layer, "--bbox", &written]),
                expected,
                "{layer} {written}"
            );
            most = most.max(expected.len());
        }
        assert!(most > 3, "windows that hold nothing prove nothing");
        let around = in_window(&all, [-80.0, 20.0, -100.0, 50.0]);
        assert_eq!(
            ids(&folder, &["--layer", layer, "--bbox=-80,20,-100,50"]),
            around,
            "across the antimeridian"
        );
        assert_eq!(ids(&folder, &["--layer", layer, "--bbox=0,0,1,1"]), [""; 0]);
    }
}

#[test]
fn only_what_a_window_meets_is_read_and_told() {
    let folder = released();
    let whole = account(&folder, &["--layer", "points"]);
    let window = account(&folder, &["--layer", "points", "--bbox=-95,33,-94,34"]);
    let number = |found: &Value, level: &str, what: &str| found[level][what].as_u64().unwrap();
    assert_eq!(number(&whole, "rows", "read"), POINTS as u64);
    assert_eq!(number(&whole, "tiles", "read"), number(&whole, "tiles", "of"));
    let all = every_row(&folder, "points");
    assert_eq!(
        window["answered"].as_u64().unwrap(),
        in_window(&all, [-95.0, 33.0, -94.0, 34.0]).len() as u64
    );
    assert!(
        number(&window, "tiles", "read") < number(&window, "tiles", "of"),
        "{window}"
    );
    assert!(
        number(&window, "row_groups", "read") < number(&window, "row_groups", "of"),
        "{window}"
    );
    assert!(
        number(&window, "pages", "read") < number(&window, "pages", "of"),
        "{window}"
    );
    assert!(number(&window, "rows", "read") < POINTS as u64 / 20, "{window}");
    let told = ask(
        &folder,
        &["--layer", "points", "--bbox=-95,33,-94,34", "--explain"],
    )
    .code(0);
    for level in ["tiles", "row groups", "pages", "bytes", "requests"] {
        assert!(
            told.stdout.lines().any(|line| line.starts_with(level)),
            "{}",
            told.stdout
        );
    }
}

#[test]
fn columns_conditions_order_and_limit_are_those_asked_for() {
    let folder = released();
    let all = every_row(&folder, "points");
    let mut beds: BTreeMap<String, Option<i64>> = BTreeMap::new();
    for rows in &all {
        let ids = rows.ids().unwrap();
        let column: &arrow_array::Int64Array = rows.column("beds").unwrap().as_any().downcast_ref().unwrap();
        for row in 0..ids.len() {
            beds.insert(
                ids.value(row).unwrap().to_owned(),
                column.is_valid(row).then(|| column.value(row)),
            );
        }
    }
    let with = |holds: &dyn Fn(Option<i64>) -> bool| -> BTreeSet<String> {
        beds.iter()
            .filter(|(_, beds)| holds(**beds))
            .map(|(id, _)| id.clone())
            .collect()
    };
    let found = |conditions: &[&str]| -> BTreeSet<String> {
        let args: Vec<&str> = conditions
            .iter()
            .flat_map(|condition| ["--where", condition])
            .collect();
        ids(&folder, &[&["--layer", "points"], args.as_slice()].concat())
            .into_iter()
            .collect()
    };
    assert_eq!(
        found(&["beds>=80"]),
        with(&|beds| beds.is_some_and(|beds| beds >= 80))
    );
    assert_eq!(found(&["beds=12"]), with(&|beds| beds == Some(12)));
    // Texts that hardly repeat are written without statistics: every page of theirs is looked at.
    assert_eq!(found(&["id=12"]), ["points:12".to_owned()].into());
    assert_eq!(
        found(&["facility_id=points:12", "beds=12"]),
        ["points:12".to_owned()].into()
    );
    assert_eq!(found(&["beds="]), with(&|beds| beds.is_none()));
    assert_eq!(
        found(&["beds>10", "beds<14"]),
        with(&|beds| beds.is_some_and(|beds| (11..14).contains(&beds)))
    );
    assert!(found(&["beds>1000"]).is_empty());
    let greatest = answer(
        &folder,
        &[
            "--layer",
            "points",
            "--order-by=-beds",
            "--limit",
            "5",
            "--columns",
            "beds,facility_id",
        ],
    );
    let mut expected: Vec<i64> = beds.values().flatten().copied().collect();
    expected.sort_unstable_by(|one, other| other.cmp(one));
    let rows = greatest["rows"].as_array().unwrap();
    let found: Vec<i64> = rows.iter().map(|row| row["beds"].as_i64().unwrap()).collect();
    assert_eq!(found, expected[..5]);
    let keys: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["beds", "facility_id"]);
    assert_eq!(ids(&folder, &["--layer", "points", "--limit", "7"]).len(), 7);
}

#[test]
fn a_jurisdiction_has_the_rows_that_were_placed_in_it() {
    let folder = released();
    let by = |column: &str, code: &str| -> BTreeSet<String> {
        let all = every_row(&folder, "points");
        let mut found = BTreeSet::new();
        for rows in &all {
            let (ids, codes) = (rows.ids().unwrap(), rows.texts(column).unwrap());
            let within = (0..ids.len()).filter(|row| codes.value(*row) == Some(code));
            found.extend(within.map(|row| ids.value(row).unwrap().to_owned()));
        }
        found
    };
    let found = |args: &[&str]| -> BTreeSet<String> {
        ids(&folder, &[&["--layer", "points"], args].concat())
            .into_iter()
            .collect()
    };
    let texas = by("state_code", "TX");
    assert!(texas.len() > 100);
    assert_eq!(found(&["--within", "state=TX"]), texas);
    assert_eq!(found(&["--within", "state=48", "--within", "region=R06"]), texas);
    assert_eq!(found(&["--state", "Texas"]), texas);
    assert_eq!(found(&["--within", "county=48001"]), by("county_fips", "48001"));
    assert!(found(&["--within", "county=48999"]).is_empty());
    assert!(found(&["--within", "state=TX", "--within", "region=R04"]).is_empty());
}

/// Path of a tile.
pub(super) fn a_tile(folder: &Folder, layer: &str) -> PathBuf {
    crate::program::tiles(&folder.latest().join("layers").join(layer)).remove(0)
}
