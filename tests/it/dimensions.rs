//! Heights and measures are left out of tiles and counted, whatever the source; declared CRSs are honoured.

use std::fs;
use std::path::Path;

use arrow_array::{Array, BinaryArray};
use cikr::kernel::geometry::decode;
use geo::{CoordsIter, Geometry};

use crate::program::{Folder, ROOT, rows};

const PLACES: &str = "crs = \"EPSG:4326\"";

/// The geometries of a layer's tiles.
fn geometries(folder: &Folder, layer: &str) -> Vec<Geometry<f64>> {
    let batches = rows(&folder.latest().join("layers").join(layer));
    let columns = batches
        .iter()
        .map(|batch| batch.column_by_name("geometry").unwrap());
    let columns = columns.map(|column| column.as_any().downcast_ref::<BinaryArray>().unwrap().clone());
    columns
        .flat_map(|column| {
            (0..column.len())
                .map(|row| decode(column.value(row)).unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn feature(id: u32, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"ID":"{id}"}},"geometry":{{"type":"Point","coordinates":{coordinates}}}}}"#
    )
}

fn layer(id: &str, source: &str) -> String {
    format!("\n[[layer]]\nid = \"{id}\"\nschema = \"points\"\nsource.{source}\n")
}

#[test]
fn heights_and_measures_are_counted_per_layer() {
    let folder = Folder::new();
    folder.schema("points", "point", "");
    let features = [
        feature(1, "[-95,35]"),
        feature(2, "[-95,35,10]"),
        feature(3, "[-95,35,10,7]"),
    ];
    folder.write(
        "a.geojson",
        format!(
            r#"{{"type":"FeatureCollection","features":[{}]}}"#,
            features.join(",")
        ),
    );
    folder.write("b.geojsonl", features.join("\n"));
    folder.write(
        "c.csv",
        "ID;WKT\n1;POINT (-95 35)\n2;POINT Z (-95 35 1)\n3;POINT M (-95 35 1)\n4;POINT ZM (-95 35 1 2)\n",
    );
    fs::copy(
        Path::new(ROOT).join("tests/fixtures/fgb/utm14.fgb"),
        folder.path().join("d.fgb"),
    )
    .unwrap();
    folder.write("e.csv", "ID,LON,LAT\n1,-95,35\n");
    folder.pipeline(
        &[
            layer("collection", "geojson = { path = \"a.geojson\" }"),
            layer("lines", "geojsonl = { path = \"b.geojsonl\" }"),
            layer(
                "text",
                &format!("csv = {{ path = \"c.csv\", delimiter = \";\", wkt = \"WKT\", {PLACES} }}"),
            ),
            layer("flat", "ogr = { path = \"d.fgb\" }"),
            layer(
                "plain",
                &format!("csv = {{ path = \"e.csv\", x = \"LON\", y = \"LAT\", {PLACES} }}"),
            ),
        ]
        .concat(),
    );
    let ended = folder.run().code(0);
    for (id, dropped) in [
        ("collection", (2, 1)),
        ("lines", (2, 1)),
        ("text", (2, 2)),
        ("flat", (3, 0)),
        ("plain", (0, 0)),
    ] {
        let report = ended.layer(id);
        assert_eq!(
            (report.repairs.dropped_z, report.repairs.dropped_m),
            dropped,
            "{id}"
        );
    }
    let told = folder.cikr(&["run", "pipeline.toml"]).code(0).stdout;
    assert!(
        told.contains("heights left out: 3") && told.contains("measures left out: 2"),
        "{told}"
    );
    for id in ["collection", "lines", "text"] {
        let found = geometries(&folder, id);
        assert!(
            found.len() > 2
                && found
                    .iter()
                    .all(|point| *point == Geometry::Point((-95.0, 35.0).into()))
        );
    }
}

/// EPSG:26914 is a UTM zone on NAD83; the latitude is pyproj's answer.
#[test]
fn other_crss_stated_by_the_file_or_declared_by_the_pipeline() {
    let folder = Folder::new();
    folder.schema("points", "point", "");
    let collection = |crs: &str| {
        format!(
            r#"{{"type":"FeatureCollection",{crs}"features":[{}]}}"#,
            feature(1, "[500000,3900000]")
        )
    };
    let member = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::26914"}},"#;
    folder.write("stated.geojson", collection(member));
    folder.write("silent.geojson", collection(""));
    folder.write("lines.geojsonl", feature(1, "[500000,3900000]"));
    fs::copy(
        Path::new(ROOT).join("tests/fixtures/fgb/utm14.fgb"),
        folder.path().join("flat.fgb"),
    )
    .unwrap();
    folder.pipeline(
        &[
            layer("stated", "geojson = { path = \"stated.geojson\" }"),
            layer(
                "agreed",
                "geojson = { path = \"stated.geojson\", crs = \"EPSG:26914\" }",
            ),
            layer(
                "declared",
                "geojson = { path = \"silent.geojson\", crs = \"EPSG:26914\" }",
            ),
            layer(
                "lines",
                "geojsonl = { path = \"lines.geojsonl\", crs = \"EPSG:26914\" }",
            ),
            layer("flat", "ogr = { path = \"flat.fgb\" }"),
            layer(
                "contradicted",
                "geojson = { path = \"stated.geojson\", crs = \"EPSG:26915\" }",
            ),
            layer("default", "geojson = { path = \"silent.geojson\" }"),
        ]
        .concat(),
    );
    let ended = folder.run().code(5);
    for id in ["stated", "agreed", "declared", "lines", "flat"] {
        let found = geometries(&folder, id);
        let at = found
            .iter()
            .flat_map(CoordsIter::coords_iter)
            .min_by(|a, b| a.y.total_cmp(&b.y))
            .unwrap();
        assert!(
            (at.x + 99.0).abs() < 1e-9 && (at.y - 35.243_077_712_961_52).abs() < 1e-9,
            "{id}: {at:?}"
        );
    }
    let reason = |id: &str| ended.layer(id).reason().unwrap_or_default().to_owned();
    assert!(reason("contradicted").contains("EPSG:26914") && reason("contradicted").contains("EPSG:26915"));
    assert!(
        reason("default").contains("out_of_range 1"),
        "{}",
        reason("default")
    );
}

/// As `PostGIS` and QGIS write them.
#[test]
fn curves_in_well_known_text_become_straight() {
    let folder = Folder::new();
    folder.schema("points", "polygon", "");
    folder.write(
        "a.csv",
        "ID;WKT\n1;CURVEPOLYGON(CIRCULARSTRING(-95 35,-94 36,-93 35,-94 34,-95 35))\n\
         2;MULTISURFACE(((-95 35,-94 35,-94 36,-95 35)))\n\
         3;GEOMETRYCOLLECTION(POLYGON((-95 35,-94 35,-94 36,-95 35)),LINESTRING EMPTY)\n\
         4;CURVEPOLYGON(nothing)\n",
    );
    let source = format!("csv = {{ path = \"a.csv\", delimiter = \";\", wkt = \"WKT\", {PLACES} }}");
    folder.pipeline(&layer("points", &source));
    let ended = folder.run().code(0);
    let points = ended.layer("points");
    assert_eq!((points.rows_written, points.repairs.straightened), (3, 1));
    assert_eq!(points.rejects_by_reason.get("impossible_geometry"), Some(&1));
    let area = |geometry: &Geometry<f64>| geo::Area::unsigned_area(geometry);
    let largest = geometries(&folder, "points").iter().map(area).fold(0.0, f64::max);
    assert!(
        (largest - std::f64::consts::PI).abs() < 0.01,
        "a circle of radius 1: {largest}"
    );
}
