//! Vector tiles of a release: every feature at the deepest zoom, fewer above by a rule that nests, the same bytes always.

mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use cikr::geoparquet::read_facilities;
use cikr::vector_tiles::{Family, MapColumns, TileId, TileLayer, TileMaker};
use serde_json::{Value, json};

use self::reader::{Archive, Feature};
use crate::program::{Folder, POINTS_LAYER};

/// So many points in a square of 4 by 4 degrees, crowded towards its middle.
fn crowd(count: u32) -> String {
    let share = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) % 10_007) / 10_007.0 - 0.5;
    let rows = (0..count).map(|n| {
        let (x, y) = (share(n), share(n + 500_009));
        let (longitude, latitude) = (-95.0 + 16.0 * x * x * x, 35.0 + 16.0 * y * y * y);
        format!("{n},Place {n},48001,{},{longitude},{latitude}\n", n % 90)
    });
    rows.collect()
}

/// A folder whose pipeline asks for maps.
fn with_map(layers: &str) -> Folder {
    let folder = Folder::new();
    folder.schema("points", "point", "").pipeline(layers);
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let output =
        "\n[output]\nmap = true\ntile-rows = 3000\ngroup-rows = 1500\npage-rows = 1000\n\n[[jurisdiction]]";
    folder.write("pipeline.toml", text.replacen("\n[[jurisdiction]]", output, 1));
    folder
}

fn points(rows: &str) -> Folder {
    let folder = with_map(POINTS_LAYER);
    folder.write("points.csv", format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{rows}"));
    folder
}

fn ids(features: &[((u32, u32), Feature)]) -> BTreeSet<String> {
    let ids = features
        .iter()
        .map(|(_, feature)| feature.attributes["facility_id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[test]
fn every_point_is_at_the_deepest_zoom_and_thinning_nests() {
    let folder = points(&crowd(8_000));
    let told = folder.run().code(0).report().products.unwrap()["map"].clone();
    let archive = Archive::open(&folder.latest().join("map/points.pmtiles"));
    let told = &told["archives"]["points"];
    assert_eq!(told["rows"], 8_000);
    assert!(archive.is_clustered());
    let mut deeper: Option<BTreeSet<String>> = None;
    for zoom in (0..=14).rev() {
        let features = archive.features_at(zoom);
        let found = ids(&features);
        assert_eq!(found.len(), features.len(), "each once on zoom {zoom}");
        assert_eq!(told["features_by_zoom"][usize::from(zoom)], features.len());
        match &deeper {
            None => assert_eq!(found.len(), 8_000),
            Some(deeper) => assert!(found.is_subset(deeper), "zoom {zoom}"),
        }
        if zoom < 14 {
            let cells: BTreeSet<_> = features
                .iter()
                .map(|(tile, feature)| (tile, cell(feature)))
                .collect();
            assert_eq!(cells.len(), features.len(), "one to a cell on zoom {zoom}");
        }
        deeper = Some(found);
    }
    assert!(deeper.is_some_and(|top| top.len() < 100));
    folder.cikr(&["verify", "store"]).code(0);
}

/// The cell of a tile that a point is in, of 64 columns and rows.
fn cell(feature: &Feature) -> (i64, i64) {
    let (x, y) = feature.paths[0][0];
    (x / 64, y / 64)
}

#[test]
fn attributes_are_few_on_the_way_and_all_at_the_deepest_zoom() {
    let folder = points("1,A,48001,5,-95,35\n2,B,01001,-999,-85,36\n");
    folder.run().code(0);
    let archive = Archive::open(&folder.latest().join("map/points.pmtiles"));
    let by_id = |zoom: u8| -> BTreeMap<String, Feature> {
        let features = archive.features_at(zoom).into_iter().map(|(_, feature)| feature);
        features
            .map(|feature| {
                (
                    feature.attributes["facility_id"].as_str().unwrap().to_owned(),
                    feature,
                )
            })
            .collect()
    };
    let far = by_id(4)["points:1"].attributes.clone();
    let expected = json!({
        "facility_id": "points:1", "layer": "points", "name": "A", "sector_code": "HLPH",
        "lifeline": "Health and Medical/Medical Care", "state_code": "TX", "county_fips": "48001", "region_code": "R06",
        "is_county_mismatch": false, "location_method": "within",
    });
    assert_eq!(json!(far), expected);
    let near = by_id(14);
    assert_eq!(near["points:1"].attributes["beds"], 5);
    assert_eq!(near["points:1"].attributes["source_agency"], "Test Agency");
    let second = &near["points:2"].attributes;
    assert!(!second.contains_key("beds"), "null: {second:?}");
    assert!(!second.contains_key("geometry") && !second.contains_key("bbox"));
    assert_eq!(
        by_id(4)["points:2"].id,
        near["points:2"].id,
        "one number on all zooms"
    );
    let metadata = archive.metadata();
    let layer = &metadata["vector_layers"][0];
    assert_eq!((&layer["id"], &layer["maxzoom"]), (&json!("points"), &json!(14)));
    assert_eq!(layer["fields"]["beds"], "Number");
    assert_eq!(layer["fields"]["is_county_mismatch"], "Boolean");
    assert_eq!(metadata["cikr"]["rows"], 2);
}

#[test]
fn the_same_rows_give_the_same_bytes_whatever_the_threads_and_the_memory() {
    let rows = crowd(6_000);
    let archives = [["1", "1GiB"], ["2", "1GiB"], ["2", "128MiB"]].map(|[threads, memory]| {
        let folder = points(&rows);
        let args = [
            "run",
            "pipeline.toml",
            "--format",
            "json",
            "--threads",
            threads,
            "--memory",
            memory,
        ];
        folder.cikr(&args).code(0);
        fs::read(folder.latest().join("map/points.pmtiles")).unwrap()
    });
    assert!(archives[0] == archives[1] && archives[1] == archives[2]);
}

#[test]
fn archives_are_linked_while_their_rows_are_the_same_and_told_in_the_catalog() {
    let folder = points("1,A,48001,5,-95,35\n");
    folder.run().code(0);
    let first = folder.latest();
    for collection in ["points", "facilities"] {
        let path = first.join(format!("map/{collection}.pmtiles"));
        assert_eq!(Archive::open(&path).features_at(14).len(), 1);
    }
    let told = collection_json(&first);
    let link = told["links"]
        .as_array()
        .unwrap()
        .iter()
        .find(|link| link["rel"] == "pmtiles")
        .unwrap();
    assert_eq!(link["href"], "../../map/points.pmtiles");
    assert_eq!(link["type"], "application/vnd.pmtiles");
    assert_eq!(link["pmtiles:layers"], json!(["points"]));
    assert_eq!(told["assets"]["pmtiles"]["href"], "../../map/points.pmtiles");
    let extensions = told["stac_extensions"].as_array().unwrap();
    assert!(
        extensions
            .iter()
            .any(|name| name.as_str().unwrap().contains("web-map-links"))
    );

    folder.run().code(0);
    let inode = |release: &Path, file: &str| fs::metadata(release.join(file)).unwrap().ino();
    for file in ["map/points.pmtiles", "map/facilities.pmtiles"] {
        assert_eq!(
            inode(&first, file),
            inode(&folder.latest(), file),
            "{file} is linked"
        );
    }
    folder.cikr(&["verify", "store"]).code(0);
    folder.write(
        "points.csv",
        "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,48001,6,-95,35\n",
    );
    folder.run().code(0);
    assert_ne!(
        inode(&first, "map/points.pmtiles"),
        inode(&folder.latest(), "map/points.pmtiles")
    );
    folder.cikr(&["verify", "store"]).code(0);
}

fn collection_json(release: &Path) -> Value {
    serde_json::from_slice(&fs::read(release.join("layers/points/collection.json")).unwrap()).unwrap()
}

/// Lines and areas at random, some of them smaller than anything a tile can draw.
fn drawn(kind: &str, count: u32) -> String {
    let share = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) % 10_007) / 10_007.0;
    let features = (0..count).map(|n| {
        let size = 10_f64.powf(-7.0 * share(n + 77));
        let at = |k: u32| {
            let turn = f64::from(k) * 2.1;
            json!([-95.0 + 3.0 * share(n) + size * turn.cos(), 34.0 + 2.0 * share(n + 501) + size * turn.sin()])
        };
        let ring = [at(0), at(1), at(2), at(0)];
        let coordinates = if kind == "Polygon" { json!([ring]) } else { json!(ring[..3]) };
        json!({"type": "Feature", "properties": {"ID": n, "NAME": "a"}, "geometry": {"type": kind, "coordinates": coordinates}})
    });
    json!({"type": "FeatureCollection", "features": features.collect::<Vec<_>>()}).to_string()
}

#[test]
fn lines_and_areas_are_all_at_the_deepest_zoom_and_none_is_cut_at_a_border() {
    for (kind, geometry) in [("LineString", "line"), ("Polygon", "polygon")] {
        let layer = "\n[[layer]]\nid = \"drawn\"\nsource.geojson = { path = \"drawn.geojson\" }\n";
        let folder = with_map(layer);
        folder
            .schema("drawn", geometry, "")
            .write("drawn.geojson", drawn(kind, 60));
        let report = folder.run().code(0).report();
        assert_eq!(report.products.unwrap()["map"]["archives"]["drawn"]["rows"], 60);
        let archive = Archive::open(&folder.latest().join("map/drawn.pmtiles"));
        let deepest = archive.features_at(14);
        assert_eq!(ids(&deepest).len(), 60, "{kind}");
        let of_kind = if kind == "Polygon" { 3 } else { 2 };
        let bounds = -64..=4160;
        for (tile, feature) in &deepest {
            assert_eq!(feature.kind, of_kind);
            let mut vertices = feature.paths.iter().flatten();
            assert!(
                vertices.all(|(x, y)| bounds.contains(x) && bounds.contains(y)),
                "{tile:?} {feature:?}"
            );
            let least = if of_kind == 3 { 3 } else { 2 };
            assert!(
                feature.paths.iter().all(|path| path.len() >= least),
                "{tile:?} {feature:?}"
            );
        }
        let seen = ids(&archive.features_at(4));
        assert!(!seen.is_empty() && seen.len() < 60, "{kind}: {}", seen.len());
        same_one_by_one(&folder, "drawn", &archive);
    }
}

#[test]
fn a_tile_by_itself_is_that_of_the_archive() {
    let folder = points(&crowd(2_000));
    folder.run().code(0);
    let archive = Archive::open(&folder.latest().join("map/points.pmtiles"));
    same_one_by_one(&folder, "points", &archive);
}

/// Tiles that are made one by one of a layer's rows are those of its archive, to the byte.
fn same_one_by_one(folder: &Folder, layer: &str, archive: &Archive) {
    let data = folder.latest().join("layers").join(layer).join("data");
    let files = fs::read_dir(data)
        .unwrap()
        .flat_map(|region| fs::read_dir(region.unwrap().path()).unwrap());
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    let rows: Vec<_> = files
        .iter()
        .map(|file| read_facilities(file, None).unwrap())
        .collect();
    let columns = MapColumns::of_schema(rows[0].as_batch().schema_ref(), &[]);
    let family = if layer == "points" {
        Family::Points
    } else {
        Family::Shapes
    };
    let tiles = TileLayer::new(layer, columns, "facility_id", family);
    for zoom in [0, 3, 6, 9, 12, 14] {
        let found: BTreeSet<(u32, u32)> = archive
            .features_at(zoom)
            .into_iter()
            .map(|(tile, _)| tile)
            .collect();
        for (x, y) in found.into_iter().take(200) {
            let mut alone = TileMaker::new(&tiles, TileId::new(zoom, x, y).unwrap());
            // In another order than that of the archive, and not all at once.
            for rows in rows.iter().rev() {
                let half = rows.num_rows() / 2;
                alone
                    .push_rows(&rows.slice(half, rows.num_rows() - half))
                    .unwrap();
                alone.push_rows(&rows.slice(0, half)).unwrap();
            }
            assert!(
                Some(alone.finish()) == archive.bytes(zoom, x, y),
                "{layer} {zoom}/{x}/{y}"
            );
        }
    }
}

#[test]
fn states_and_counties_are_outlined() {
    let folder = points("1,A,48001,5,-95,35\n");
    folder.run().code(0);
    for (set, columns) in [("states", 2), ("counties", 2)] {
        let archive = Archive::open(&folder.latest().join(format!("map/{set}.pmtiles")));
        let features = archive.features_at(6);
        let codes: BTreeSet<&str> = features
            .iter()
            .map(|(_, feature)| feature.attributes["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes.len(), columns, "{set}");
        assert!(features.iter().all(|(_, feature)| feature.kind == 2));
        assert_eq!(archive.metadata()["vector_layers"][0]["id"], set);
        assert!(archive.bytes(11, 482, 806).is_none(), "zooms 0 to 10");
    }
}

#[test]
fn a_command_makes_what_the_run_made_and_leaves_a_file_alone_that_is_there() {
    let folder = points(&crowd(500));
    folder.run().code(0);
    let args = ["tiles", "store", "--layer", "points", "-o", "points.pmtiles"];
    let told = folder.cikr(&args).code(0).stdout;
    assert!(told.contains("500 rows"), "{told}");
    let made = Archive::open(&folder.path().join("points.pmtiles"));
    let archive = Archive::open(&folder.latest().join("map/points.pmtiles"));
    for zoom in [0, 7, 14] {
        assert_eq!(made.features_at(zoom), archive.features_at(zoom));
    }
    folder.cikr(&args).code(2).says("points.pmtiles");
    folder
        .cikr(&["tiles", "store", "--layer", "pints", "-o", "b.pmtiles"])
        .code(2)
        .says("cannot make the vector tiles of `pints`")
        .says("did you mean `points`");
    assert!(!folder.path().join("b.pmtiles").exists());
    folder
        .cikr(&["tiles", "store", "--layer", "points", "-o", "b.mbtiles"])
        .code(2)
        .says("its name ends with .pmtiles");
    let tile = crate::program::tiles(&folder.latest().join("layers/points")).remove(0);
    fs::remove_file(&tile).unwrap();
    fs::write(&tile, "no Parquet").unwrap();
    folder
        .cikr(&["tiles", "store", "--layer", "points", "-o", "b.pmtiles"])
        .code(6)
        .says(".parquet");
    assert!(!folder.path().join("b.pmtiles").exists());
}

#[test]
fn what_no_map_may_show_is_told() {
    // Few enough to be let through by the gate.
    let folder = points(&(crowd(200) + "200,North,,,10,86\n"));
    let told = folder.run().code(0).report().products.unwrap()["map"].clone();
    let points = &told["archives"]["points"];
    assert_eq!(
        (&points["rows"], &points["beyond_square"]),
        (&json!(201), &json!(1))
    );
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("\n[sector]", "handling = \"TLP:AMBER\"\n\n[sector]"),
    );
    let told = folder.run().code(0).report().products.unwrap()["map"].clone();
    assert_eq!(told["archives"]["points"]["withheld"], 201);
    let archive = Archive::open(&folder.latest().join("map/facilities.pmtiles"));
    assert!(archive.bytes(0, 0, 0).is_none(), "no row above TLP:CLEAR");
}
