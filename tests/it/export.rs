//! Rows of a release for other tools: what is selected, every format read back, the same bytes on a repeat.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use arrow_array::Array;
use gdal::Dataset;
use gdal::vector::{LayerAccess, OGRwkbGeometryType};
use serde_json::Value;

use crate::program::{Ended, Folder, POINTS_LAYER, rows};

/// Two in Texas (R06), two in Alabama (R04), one outside every state.
const ROWS: &str = "1,Señor,48001,5,-95,35\n2,\"a \"\"b\"\", c\",01001,6,-85,36\n3,,,7,-120,35\n4,東京,,-999,-96.5,31\n5,E,,9,-84.5,31.25\n";
const FORMATS: [&str; 5] = ["gpkg", "fgb", "geojson", "csv", "shp.zip"];

/// A release of points, lines, areas, and a layer that has points and multipoints.
fn released() -> Folder {
    let folder = Folder::new();
    folder.points(ROWS);
    let collection = |geometries: &[&str]| {
        let features = geometries.iter().enumerate().map(|(id, geometry)| {
            let name = "N".repeat(300);
            format!(
                r#"{{"type":"Feature","properties":{{"ID":"{id}","NAME":"é{name}"}},"geometry":{geometry}}}"#
            )
        });
        let features: Vec<String> = features.collect();
        format!(
            r#"{{"type":"FeatureCollection","features":[{}]}}"#,
            features.join(",")
        )
    };
    let line = r#"{"type":"LineString","coordinates":[[-95,31],[-94,32]]}"#;
    let lines = r#"{"type":"MultiLineString","coordinates":[[[-85,31],[-84,32]],[[-85,33],[-84,34]]]}"#;
    // Clockwise outside, which RFC 7946 has the other way round.
    let area = r#"{"type":"Polygon","coordinates":[[[-95,31],[-95,32],[-94,32],[-94,31],[-95,31]]]}"#;
    let areas = r#"{"type":"MultiPolygon","coordinates":[[[[-85.00000004,31],[-84,31],[-84,32],[-85.00000004,31]]]]}"#;
    let mut layers = POINTS_LAYER.to_owned();
    for (id, kind, geometries) in [
        ("wires", "line", &[line, lines]),
        ("areas", "polygon", &[area, areas]),
    ] {
        folder.schema(id, kind, "");
        folder.write(&format!("{id}.geojson"), collection(geometries));
        layers += &format!("\n[[layer]]\nid = \"{id}\"\nsource.geojson = {{ path = \"{id}.geojson\" }}\n");
    }
    folder.pipeline(&layers);
    folder.run().code(0);
    folder
}

fn export(folder: &Folder, args: &[&str]) -> Ended {
    folder.cikr(&[&["export", "store", "--store", "store"], args].concat())
}

/// A file as GDAL has it.
fn open(path: &Path) -> Dataset {
    let name = path.display().to_string();
    let name = if name.ends_with(".zip") {
        format!("/vsizip/{name}")
    } else {
        name
    };
    Dataset::open(name).unwrap()
}

fn count(path: &Path) -> u64 {
    open(path).layer(0).unwrap().feature_count()
}

/// Values of a field in the order of the file.
fn texts(path: &Path, field: &str) -> Vec<Option<String>> {
    let dataset = open(path);
    let mut layer = dataset.layer(0).unwrap();
    let at = layer.defn().field_index(field).unwrap();
    layer
        .features()
        // Without a value and empty is the same to a `.dbf`, and to GDAL where a FlatGeobuf has none.
        .map(|feature| {
            feature
                .field_as_string(at)
                .unwrap()
                .filter(|text| !text.is_empty())
        })
        .collect()
}

fn ids(path: &Path) -> BTreeSet<String> {
    texts(path, "facility_id").into_iter().flatten().collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_format_has_every_row_and_the_same_bytes_on_a_repeat() {
    let folder = released();
    for (layer, total) in [("points", 5), ("wires", 2), ("areas", 2), ("facilities", 9)] {
        for format in FORMATS {
            let files: Vec<PathBuf> = ["one", "two"]
                .iter()
                .map(|part| folder.path().join(format!("{part}/{layer}.{format}")))
                .collect();
            for file in &files {
                let told = export(&folder, &["--layer", layer, "-o", file.to_str().unwrap()]).code(0);
                assert!(
                    told.stdout.contains(&format!("{total} rows of {layer}")),
                    "{}",
                    told.stdout
                );
            }
            assert_eq!(count(&files[0]), total, "{layer}.{format}");
            assert!(
                fs::read(&files[0]).unwrap() == fs::read(&files[1]).unwrap(),
                "{layer}.{format} differs from one time to the next"
            );
        }
        let left: Vec<String> = fs::read_dir(folder.path().join("one"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with('.'))
            .collect();
        assert_eq!(left, [""; 0], "nothing is left beside the files");
    }
}

#[test]
fn geometries_are_of_one_kind_and_texts_of_any_letters() {
    let folder = released();
    let file = |layer: &str, format: &str| {
        let path = folder.path().join(format!("out/{layer}.{format}"));
        export(&folder, &["--layer", layer, "-o", path.to_str().unwrap()]).code(0);
        path
    };
    for (layer, kind) in [
        ("points", OGRwkbGeometryType::wkbPoint),
        ("wires", OGRwkbGeometryType::wkbMultiLineString),
        ("areas", OGRwkbGeometryType::wkbMultiPolygon),
    ] {
        for format in ["gpkg", "fgb"] {
            let dataset = open(&file(layer, format));
            let mut opened = dataset.layer(0).unwrap();
            assert_eq!(opened.defn().geometry_type(), kind, "{layer}.{format}");
            assert_eq!(opened.spatial_ref().unwrap().auth_code().unwrap(), 4326);
            for feature in opened.features() {
                assert_eq!(feature.geometry().unwrap().geometry_type(), kind);
            }
        }
    }
    let names: BTreeSet<Option<String>> = [Some("Señor"), Some("a \"b\", c"), None, Some("東京"), Some("E")]
        .map(|name| name.map(str::to_owned))
        .into();
    for format in ["gpkg", "fgb", "geojson", "shp.zip"] {
        let path = if format == "gpkg" || format == "fgb" {
            folder.path().join(format!("out/points.{format}"))
        } else {
            file("points", format)
        };
        let read: BTreeSet<_> = texts(&path, "name").into_iter().collect();
        assert_eq!(read, names, "{format}");
    }
    let csv = fs::read_to_string(file("points", "csv")).unwrap();
    let header = csv.lines().next().unwrap();
    assert!(header.starts_with("facility_id,layer,name,") && header.ends_with(",beds,longitude,latitude"));
    assert!(
        csv.contains("\npoints:2,points,\"a \"\"b\"\", c\",") && csv.contains(",-84.5,31.25\n"),
        "{csv}"
    );
    let csv = fs::read_to_string(file("wires", "csv")).unwrap();
    assert!(
        csv.contains("LINESTRING(-95 31,-94 32)") && csv.lines().next().unwrap().ends_with(",wkt"),
        "{csv}"
    );
}

#[test]
fn geojson_is_that_of_the_rfc() {
    let folder = released();
    let told = export(&folder, &["--layer", "areas", "--as", "geojson", "-o", "-"]).code(0);
    let found = json(&told.stdout);
    assert_eq!(
        (&found["type"], &found["name"]),
        (&"FeatureCollection".into(), &"areas".into())
    );
    let first = &found["features"][0];
    assert_eq!(first["id"], first["properties"]["facility_id"]);
    let rings: Vec<&Value> = found["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| &feature["geometry"]["coordinates"])
        .collect();
    // As many decimals as say something, and the outer ring counterclockwise.
    assert!(
        rings.contains(&&json(
            "[[[-95.0,31.0],[-94.0,31.0],[-94.0,32.0],[-95.0,32.0],[-95.0,31.0]]]"
        )),
        "{rings:?}"
    );
    assert!(
        rings.contains(&&json(
            "[[[[-85.0,31.0],[-84.0,31.0],[-84.0,32.0],[-85.0,31.0]]]]"
        )),
        "{rings:?}"
    );
    assert_eq!(first["properties"]["sector_also"], json("[]"));
    assert!(first["properties"]["is_state_mismatch"].is_null());
    assert_eq!(told.stdout.lines().count(), 4, "a feature a line");
}

#[test]
fn a_selection_is_by_state_region_sector_and_window() {
    let folder = released();
    let selected = |args: &[&str]| -> BTreeSet<String> {
        let path = folder.path().join("selected.gpkg");
        let output = ["--force", "-o", path.to_str().unwrap()];
        export(&folder, &[args, &output].concat()).code(0);
        let ids = ids(&path).into_iter();
        ids.map(|id| id.trim_start_matches("points:").to_owned())
            .collect()
    };
    let all = |ids: &[&str]| -> BTreeSet<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
    let points = |args: &[&str]| selected(&[&["--layer", "points"], args].concat());
    assert_eq!(points(&["--state", "TX"]), all(&["1", "4"]));
    assert_eq!(points(&["--state", "texas"]), all(&["1", "4"]));
    assert_eq!(points(&["--state", "48,AL"]), all(&["1", "2", "4", "5"]));
    assert_eq!(points(&["--state", "unassigned"]), all(&["3"]));
    assert_eq!(
        points(&["--region", "r04", "--region", "unassigned"]),
        all(&["2", "3", "5"])
    );
    assert_eq!(points(&["--region", "R04", "--state", "TX"]), all(&[]));
    assert_eq!(points(&["--sector", "HLPH"]), all(&["1", "2", "3", "4", "5"]));
    assert_eq!(
        points(&["--sector", "Healthcare and Public Health", "--state", "AL"]),
        all(&["2", "5"])
    );
    assert_eq!(points(&["--sector", "DAMS"]), all(&[]));
    assert_eq!(points(&["--bbox", "-97,30.5,-95,35"]), all(&["1", "4"]));
    assert_eq!(points(&["--bbox=-96.4,30,-84.5,31.25"]), all(&["5"]));
    assert_eq!(
        points(&["--bbox", "-84.6,30,-119,40"]),
        all(&["3", "5"]),
        "across the antimeridian"
    );
    assert_eq!(
        selected(&["--layer", "wires", "--bbox", "-84.5,33.5,-80,40"]),
        all(&["wires:1"]),
        "by its box"
    );
    assert_eq!(selected(&["--layer", "facilities", "--state", "TX"]).len(), 4);
}

#[test]
fn row_groups_and_pages_beside_a_selection_cost_no_row() {
    let folder = Folder::new();
    let many = (0..500).map(|row| {
        let (west, east) = (
            -99.9 + f64::from(row % 250) / 60.0,
            -89.9 + f64::from(row % 250) / 60.0,
        );
        let lon = if row % 2 == 0 { west } else { east };
        format!("{row},N,,{row},{lon},{}\n", 30.0 + f64::from(row % 97) / 10.0)
    });
    folder.points(&many.collect::<String>());
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let small = "\n[output]\ngroup-rows = 20\npage-rows = 5\ntile-rows = 60\n\n[[jurisdiction]]";
    folder.write("pipeline.toml", text.replacen("\n[[jurisdiction]]", small, 1));
    folder.run().code(0);
    let (mut expected, mut all) = (BTreeSet::new(), Vec::new());
    for batch in rows(&folder.latest().join("layers/points")) {
        let rows = cikr::feature::FacilityRows::try_new(batch).unwrap();
        let (ids, geometry) = (rows.ids().unwrap(), rows.geometry().unwrap());
        for row in 0..geometry.len() {
            let bounds = cikr::kernel::geometry::wkb_bounds(geometry.value(row))
                .unwrap()
                .min();
            let id = ids.value(row).unwrap().to_owned();
            if (-98.0..=-97.0).contains(&bounds.x) && (33.0..=36.0).contains(&bounds.y) {
                expected.insert(id.clone());
            }
            all.push(id);
        }
    }
    let path = folder.path().join("window.csv");
    export(
        &folder,
        &["--layer", "points", "--bbox", "-98,33,-97,36", "-o", "window.csv"],
    )
    .code(0);
    assert!(expected.len() > 5, "{expected:?}");
    assert_eq!(ids(&path), expected);
    export(&folder, &["--layer", "points", "-o", "all.csv"]).code(0);
    let order: Vec<String> = texts(&folder.path().join("all.csv"), "facility_id")
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(order, all, "in the order of the tiles");
}

#[test]
fn what_the_release_does_not_know_is_told_with_what_may_be_meant() {
    let folder = released();
    let refused = |args: &[&str]| export(&folder, &[args, &["-o", "x.gpkg"]].concat()).code(2);
    refused(&["--layer", "point"]).says("the release has no layer `point`; did you mean `points`?");
    refused(&["--layer", "points", "--state", "Texsa"])
        .says("the release has no state `Texsa`; did you mean `Texas`?");
    refused(&["--layer", "points", "--region", "R66"])
        .says("the release has no region `R66`; did you mean `R06`?");
    refused(&["--layer", "points", "--sector", "HLPJ"]).says("did you mean `HLPH`?");
    refused(&["--layer", "points", "--bbox", "31,-95,32"]).says("write west,south,east,north in degrees");
    refused(&["--layer", "points", "--bbox=31,-95,32,-94"]).says("latitudes -90 to 90");
    export(&folder, &["--layer", "points,wires", "-o", "x.fgb"])
        .code(2)
        .says("a file of FlatGeobuf holds one layer, and these are 2: points, wires");
    export(&folder, &["--layer", "points", "-o", "x.shp"])
        .code(2)
        .says("no format is known by the name `x.shp`");
    export(&folder, &["--layer", "points", "-o", "-"])
        .code(2)
        .says("say --as geojson or --as csv");
    export(&folder, &["--layer", "points", "-o", "-", "--as", "gpkg"])
        .code(2)
        .says("GeoPackage can't be written to standard output");
    assert!(!folder.path().join("x.gpkg").exists());
}

#[test]
fn a_file_that_exists_is_replaced_only_where_that_is_wanted() {
    let folder = released();
    folder.write("mine.gpkg", "mine").write("lines.qml", "my style");
    export(&folder, &["--layer", "points", "-o", "mine.gpkg"])
        .code(2)
        .says("mine.gpkg exists already; --force replaces it");
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(text("mine.gpkg"), "mine");
    export(&folder, &["--layer", "points", "-o", "mine.gpkg", "--force"]).code(0);
    assert_eq!(count(&folder.path().join("mine.gpkg")), 5);
    export(&folder, &["--layer", "wires", "-o", "lines.fgb"])
        .code(0)
        .says("a style stands there already");
    assert_eq!(text("lines.qml"), "my style");
    export(&folder, &["--layer", "wires", "-o", "lines.fgb", "--force"]).code(0);
    assert!(text("lines.qml").contains("label=\"Healthcare and Public Health\""));
    export(&folder, &["--layer", "wires", "-o", "bare.fgb", "--no-style"]).code(0);
    assert!(!folder.path().join("bare.qml").exists());
}

#[test]
fn a_selection_without_rows_is_a_file_without_rows_and_says_so() {
    let folder = released();
    for format in FORMATS {
        let name = format!("none.{format}");
        export(&folder, &["--layer", "points", "--sector", "DAMS", "-o", &name])
            .code(0)
            .says("no row of `points` is in the selection");
        assert_eq!(count(&folder.path().join(&name)), 0, "{format}");
    }
}

#[test]
fn a_geopackage_holds_many_layers_and_their_styles() {
    let folder = released();
    let path = folder.path().join("all.gpkg");
    let args = [
        "--layer",
        "points",
        "--layer",
        "wires,areas",
        "-o",
        "all.gpkg",
        "--format",
        "json",
    ];
    let told = json(&export(&folder, &args).code(0).stdout);
    assert_eq!((&told["rows"], &told["format"]), (&9.into(), &"gpkg".into()));
    assert_eq!(told["bytes"], fs::metadata(&path).unwrap().len());
    assert_eq!(told["layers"][1]["layer"], "wires");
    assert!(told["layers"][0]["carried_from"].is_null());
    let dataset = open(&path);
    let names: Vec<String> = dataset.layers().map(|layer| layer.name()).collect();
    assert_eq!(names, ["points", "wires", "areas", "layer_styles"]);
    let mut styles = dataset.layer_by_name("layer_styles").unwrap();
    for feature in styles.features() {
        let text = |name: &str| {
            let at = feature.field_index(name).unwrap();
            feature.field_as_string(at).unwrap()
        };
        assert_eq!(
            (text("f_table_schema").as_deref(), text("useAsDefault").as_deref()),
            (Some(""), Some("1"))
        );
        assert!(text("styleQML").unwrap().contains("categorizedSymbol"));
    }
    // What it tells of itself is when its rows were made, and no clock.
    let changed = dataset
        .execute_sql(
            "SELECT last_change FROM gpkg_contents",
            None,
            gdal::vector::sql::Dialect::DEFAULT,
        )
        .unwrap()
        .unwrap();
    let at = changed.defn().field_index("last_change").unwrap();
    let mut changed = changed;
    let release = folder.latest().file_name().unwrap().to_str().unwrap().to_owned();
    for feature in changed.features() {
        let time = feature.field_as_string(at).unwrap().unwrap();
        let digits: String = time.chars().filter(char::is_ascii_digit).collect();
        assert!(digits.starts_with(&release[..8]), "{time}, of {release}");
    }
}

#[test]
fn a_shapefile_says_what_it_could_not_hold() {
    let folder = released();
    export(&folder, &["--layer", "wires", "-o", "wires.shp.zip"])
        .code(0)
        .says("2 texts were cut at 254 bytes")
        .says("wires.txt in the zip says which is which");
    let path = folder.path().join("wires.shp.zip");
    let cut = texts(&path, "name");
    // `é` is two bytes, so that the cut falls between letters.
    assert_eq!(cut[0].as_ref().map(String::len), Some(254));
    assert_eq!(texts(&path, "facilit_id").len(), 2);
    let told = std::process::Command::new("python3")
        .args(["-c", "import sys, zipfile\nzip = zipfile.ZipFile(sys.argv[1])\nprint(zip.namelist(), {entry.date_time for entry in zip.infolist()})\nprint(zip.read('wires.txt').decode())"])
        .arg(&path)
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let names = "['wires.shp', 'wires.shx', 'wires.dbf', 'wires.prj', 'wires.cpg', 'wires.txt'] {(1980, 1, 1, 0, 0, 0)}";
    assert!(told.starts_with(names), "{told}");
    assert!(told.contains("cou_fip_cl   county_fips_claimed"), "{told}");
}

#[test]
fn a_tile_that_cannot_be_read_leaves_no_file() {
    let folder = released();
    let tile = crate::program::tiles(&folder.latest().join("layers/points")).remove(1);
    let bytes = fs::read(&tile).unwrap();
    // Its footer is whole, so that the file is begun before the damage is met.
    let mut damaged = bytes.clone();
    damaged[4..bytes.len() / 2].fill(0);
    fs::write(&tile, damaged).unwrap();
    for format in FORMATS {
        export(
            &folder,
            &["--layer", "points", "-o", &format!("out/points.{format}")],
        )
        .code(6)
        .says("part-000.parquet");
        assert_eq!(
            fs::read_dir(folder.path().join("out")).unwrap().count(),
            0,
            "{format}"
        );
    }
}

/// A release with `formats`, and a pipeline to change.
fn with_formats(output: &str, layer: &str) -> Folder {
    let folder = Folder::new();
    folder.points(ROWS);
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let output = format!("\n[output]\n{output}\n\n[[jurisdiction]]");
    folder.write(
        "pipeline.toml",
        text.replacen("\n[[jurisdiction]]", &output, 1) + layer,
    );
    folder
}

#[test]
fn layers_stand_in_formats_of_other_tools_and_are_linked_while_they_are_the_same() {
    let more = POINTS_LAYER.replace("points", "more") + "formats = []\n";
    let folder = with_formats("formats = [\"gpkg\", \"fgb\"]", &more);
    folder
        .schema("more", "point", "")
        .write("more.csv", "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,,,-95,35\n");
    let told = folder.run().code(0).report();
    let first = folder.latest();
    let files = ["gpkg", "fgb", "qml"].map(|ending| format!("layers/points/points.{ending}"));
    let told = &told.products.unwrap()["formats"]["points"];
    assert_eq!(told.as_array().unwrap().len(), 3);
    assert!(files.iter().all(|file| first.join(file).is_file()));
    assert_eq!(count(&first.join(&files[0])), 5);
    folder.cikr(&["verify", "store"]).code(0);
    export(&folder, &["--layer", "points", "-o", "same.gpkg"]).code(0);
    assert!(
        fs::read(folder.path().join("same.gpkg")).unwrap() == fs::read(first.join(&files[0])).unwrap(),
        "a command makes what the run made"
    );
    let collection = json(&fs::read_to_string(first.join("layers/points/collection.json")).unwrap());
    let asset = &collection["assets"]["gpkg"];
    assert_eq!(
        (&asset["href"], &asset["type"], &asset["table:row_count"]),
        (
            &"./points.gpkg".into(),
            &"application/geopackage+sqlite3".into(),
            &5.into()
        )
    );
    let manifest = fs::read_to_string(first.join("manifest.json")).unwrap();
    assert!(files.iter().all(|file| manifest.contains(file.as_str())));
    assert!(
        fs::read_to_string(first.join("README.md"))
            .unwrap()
            .contains("layers/<layer>/<layer>.<format>")
    );

    let inode = |release: &Path, file: &str| fs::metadata(release.join(file)).unwrap().ino();
    folder.run().code(0);
    let second = folder.latest();
    assert!(
        files
            .iter()
            .all(|file| inode(&first, file) == inode(&second, file)),
        "linked"
    );
    // A carried layer is the same, too, and says how old it is.
    fs::remove_file(folder.path().join("points.csv")).unwrap();
    folder.run().code(5);
    let third = folder.latest();
    assert!(
        files
            .iter()
            .all(|file| inode(&first, file) == inode(&third, file)),
        "carried"
    );
    export(&folder, &["--layer", "points", "-o", "old.csv"])
        .code(0)
        .says("the rows of `points` are 0 days old, of release ")
        .says("there is no points.csv");
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn other_formats_are_made_of_a_layer_that_is_linked_and_those_not_wanted_are_gone() {
    let folder = with_formats("formats = [\"gpkg\"]", "");
    folder.run().code(0);
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write("pipeline.toml", text.replace("[\"gpkg\"]", "[\"csv\"]"));
    let ended = folder.run().code(0);
    assert!(
        ended.layer("points").unchanged_since().is_some(),
        "no part of the fingerprint"
    );
    let latest = folder.latest();
    assert_eq!(count(&latest.join("layers/points/points.csv")), 5);
    assert!(!latest.join("layers/points/points.gpkg").exists());
    folder.cikr(&["verify", "store"]).code(0);

    folder.write(
        "pipeline.toml",
        text.replace("[\"gpkg\"]", "[\"gpkg\", \"shq\", \"gpkg\"]"),
    );
    folder
        .run()
        .code(3)
        .says("`shq` is not a format")
        .says("did you mean `shp`?")
        .says("`gpkg` is written twice");
    folder.write(
        "pipeline.toml",
        text.replace("id = \"points\"\n", "id = \"points\"\nformats = []\n"),
    );
    folder.run().code(0);
    assert!(
        !folder.latest().join("layers/points/points.gpkg").exists(),
        "the layer's own list stands"
    );
}
