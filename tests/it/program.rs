//! A folder with a small pipeline, and the program run in it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use arrow_array::{Array, Date32Array, RecordBatch, StringArray};
use cikr::feature::{LayerReport, RunReport};
use tempfile::TempDir;

/// The repository.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The program under test: the one that cargo has built, but a release build where `CIKR` names one, as `make soak` does.
pub(crate) fn program() -> OsString {
    env::var_os("CIKR").unwrap_or_else(|| env!("CARGO_BIN_EXE_cikr").into())
}

/// A test's own folder.
pub(crate) struct Folder {
    dir: TempDir,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Two square states (01 Alabama in region R04, 48 Texas in R06) with a county each, 10 degrees wide, side by
    /// side; a pipeline over `layers`; reference tables as shipped.
    pub(crate) fn pipeline(&self, layers: &str) -> &Self {
        let square = |west: f64, code: &str| {
            let east = west + 10.0;
            format!(
                r#"{{"type":"Feature","properties":{{"GEOID":"{code}","NAME":"n{code}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},30],[{east},30],[{east},40],[{west},40],[{west},30]]]}}}}"#
            )
        };
        let set = |a: &str, b: &str| {
            format!(
                r#"{{"type":"FeatureCollection","features":[{},{}]}}"#,
                square(-100.0, a),
                square(-90.0, b)
            )
        };
        let schemas = self.path().join("schemas/reference");
        fs::create_dir_all(&schemas).unwrap();
        for table in fs::read_dir(Path::new(ROOT).join("schemas/reference")).unwrap() {
            let table = table.unwrap();
            fs::copy(table.path(), schemas.join(table.file_name())).unwrap();
        }
        self.write("states.geojson", set("48", "01"))
            .write("counties.geojson", set("48001", "01001"));
        self.write(
            "pipeline.toml",
            format!(
                r#"
id = "test"
title = "Test"
store = "store"
schemas = "schemas"

[[jurisdiction]]
id = "state"
kind = "state"
vintage = "test"
source.geojson = {{ path = "states.geojson" }}
code = "GEOID"
name = "NAME"
nearest-m = 20000
agency = "test"
licence = "CC0-1.0"

[[jurisdiction]]
id = "county"
kind = "county"
vintage = "test"
source.geojson = {{ path = "counties.geojson" }}
code = "GEOID"
name = "NAME"
nearest-m = 20000
agency = "test"
licence = "CC0-1.0"
{layers}"#
            ),
        )
    }

    /// A point schema with key `id`, `beds` and the claimed county.
    pub(crate) fn schema(&self, id: &str, geometry: &str, more: &str) -> &Self {
        self.write(
            &format!("schemas/{id}.toml"),
            format!(
                r#"
title = "{id}"
description = "A test layer"
agency = "Test Agency"
licence = "CC0-1.0"
key = ["id"]
geometry = "{geometry}"
max-rejects = 0.9
{more}

[sector]
code = "HLPH"
subsector = "Direct Patient Care"
lifeline = "Health and Medical/Medical Care"

[[field]]
name = "id"
from = ["ID"]
description = "key"

[[field]]
name = "name"
from = ["NAME"]
description = "name"
null = ["NOT AVAILABLE"]

[[field]]
name = "county_fips_claimed"
from = ["COUNTYFIPS"]
description = "county"
pad = 5

[[field]]
name = "beds"
from = ["BEDS"]
type = "integer"
unit = "beds"
description = "beds"
null = ["-999"]
"#
            ),
        )
    }

    /// A layer over a CSV file of lon/lat points, with schema `points`.
    pub(crate) fn points(&self, rows: &str) -> &Self {
        self.schema("points", "point", "");
        self.write("points.csv", format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{rows}"));
        self.pipeline(POINTS_LAYER)
    }

    pub(crate) fn cikr(&self, args: &[&str]) -> Ended {
        ended(
            &Command::new(program())
                .args(args)
                .current_dir(self.path())
                .output()
                .unwrap(),
        )
    }

    pub(crate) fn run(&self) -> Ended {
        self.cikr(&["run", "pipeline.toml", "--format", "json"])
    }

    /// Folder of the latest release.
    pub(crate) fn latest(&self) -> PathBuf {
        latest(&self.path().join("store"))
    }
}

pub(crate) const POINTS_LAYER: &str = r#"
[[layer]]
id = "points"
source.csv = { path = "points.csv", x = "LON", y = "LAT", crs = "EPSG:4326" }
"#;

pub(crate) fn latest(store: &Path) -> PathBuf {
    let latest: serde_json::Value =
        serde_json::from_slice(&fs::read(store.join("public/latest.json")).unwrap()).unwrap();
    store
        .join("public/releases")
        .join(latest["release"].as_str().unwrap())
}

pub(crate) fn ended(output: &Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        assert!(!self.stderr.contains("panicked"), "a panic:\n{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn report(&self) -> RunReport {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }

    #[track_caller]
    pub(crate) fn layer(&self, id: &str) -> LayerReport {
        self.report()
            .layers
            .into_iter()
            .find(|layer| layer.id.as_str() == id)
            .unwrap()
    }
}

/// Every `*.parquet` below `data/` of a collection's folder.
pub(crate) fn tiles(collection: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for region in fs::read_dir(collection.join("data")).unwrap() {
        let files = fs::read_dir(region.unwrap().path()).unwrap();
        found.extend(files.map(|file| file.unwrap().path()));
    }
    found.sort();
    found
}

/// Every row of a collection, tile by tile.
pub(crate) fn rows(collection: &Path) -> Vec<RecordBatch> {
    tiles(collection)
        .iter()
        .map(|tile| cikr::geoparquet::read(tile, None).unwrap())
        .collect()
}

/// A column of texts or days by facility id.
pub(crate) fn by_id(collection: &Path, column: &str) -> std::collections::BTreeMap<String, Option<String>> {
    let text = |batch: &RecordBatch, name: &str| -> StringArray {
        let column = batch
            .column_by_name(name)
            .unwrap_or_else(|| panic!("no column {name}"));
        let days: Option<&Date32Array> = column.as_any().downcast_ref();
        match days {
            Some(days) => {
                let day = |row: usize| days.is_valid(row).then(|| days.value_as_date(row)).flatten();
                (0..days.len())
                    .map(|row| day(row).map(|day| day.to_string()))
                    .collect()
            }
            None => column.as_any().downcast_ref::<StringArray>().unwrap().clone(),
        }
    };
    let pairs = rows(collection).into_iter().flat_map(|batch| {
        let (ids, values) = (text(&batch, "facility_id"), text(&batch, column));
        let value = move |row: usize| values.is_valid(row).then(|| values.value(row).to_owned());
        (0..ids.len())
            .map(move |row| (ids.value(row).to_owned(), value(row)))
            .collect::<Vec<_>>()
    });
    pairs.collect()
}
