//! Datasets that GDAL reads, in files, folders and archives, good and bad.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::source::describe;
use crate::source::ogr::fixture;

/// A zip archive of the files below `folder`, and of further entries.
pub(super) fn pack(zip: &Path, folder: &Path, further: &[&str]) {
    let mut archive = ZipWriter::new(File::create(zip).unwrap());
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(&fs::read(&path).unwrap()).unwrap();
        }
    }
    for name in further {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
    }
    archive.finish().unwrap();
}

/// A folder `data` with one dataset of two points, and the dataset's path.
fn dataset(folder: &Path, driver: &str, name: &str, layers: &[&str]) -> PathBuf {
    let data = folder.join("data");
    fs::create_dir_all(&data).unwrap();
    let path = data.join(name);
    fixture::write(
        &path,
        driver,
        layers,
        Some("EPSG:3857"),
        &["POINT Z (1 2 3)", "POINT Z (4 5 6)"],
    );
    path
}

#[test]
fn ogr_reads_three_formats_plain_and_zipped() {
    for (driver, name, origin) in [
        ("ESRI Shapefile", "0123456789abcdef.shp", "in/shown.shp"),
        ("GPKG", "0123456789abcdef.gpkg", "in/shown.gpkg (layer sites)"),
        (
            "OpenFileGDB",
            "0123456789abcdef.gdb",
            "in/shown.gdb (layer sites)",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let layer = if name.ends_with("shp") {
            "0123456789abcdef"
        } else {
            "sites"
        };
        let path = dataset(folder.path(), driver, name, &[layer]);
        let zipped = folder.path().join("fedcba9876543210.zip");
        pack(&zipped, &folder.path().join("data"), &["readme.txt"]);
        let inner = origin.replacen("in/shown", "in/shown.zip/0123456789abcdef", 1);
        for (path, origin) in [(path, origin), (zipped, inner.as_str())] {
            let mut reader = open_as(&path, ogr(None), &LIMITS, None).unwrap();
            assert_eq!(
                reader.fixed_columns().unwrap(),
                ["name", "beds", "area", "opened"]
            );
            assert_eq!(*reader.crs(), Crs::Code("EPSG:3857".into()));
            let batch = reader.next().unwrap().unwrap();
            assert!(reader.next().is_none());
            assert_eq!(&*batch.source, origin);
            assert_eq!(
                geometries(&batch),
                [Some("POINT(1 2)".into()), Some("POINT(4 5)".into())],
                "{origin}"
            );
            assert_eq!(column(&batch, "name"), [Some("Señor"), None]);
            assert_eq!(column(&batch, "beds"), [Some("12"), None]);
            assert_eq!(
                (kind(&batch, "name"), kind(&batch, "area")),
                (DataType::Utf8, DataType::Float64)
            );
            assert!(
                kind(&batch, "beds").is_numeric(),
                "a shapefile's numbers have no type of their own"
            );
            assert!(spelling::date_column(&batch.columns[3].1).unwrap().value(0) == 18_321);
            assert_eq!(column(&batch, "area"), [Some("0.1"), None]);
            assert!(
                column(&batch, "opened")[0].unwrap().starts_with("2020-02-29"),
                "{batch:?}"
            );
            assert_eq!(
                (batch.repairs.dropped_z, batch.repairs.dropped_m),
                (2, 0),
                "{origin}"
            );
            let first = u64::from(driver != "ESRI Shapefile");
            assert_eq!(batch.rows.values(), &[first, first + 1]);
        }
    }
}

/// Its rows come in the order of its own index, and are numbered from 0 in it.
#[test]
fn ogr_reads_flatgeobuf_plain_and_zipped() {
    let folder = TempDir::new().unwrap();
    let path = dataset(folder.path(), "FlatGeobuf", "a.fgb", &["sites"]);
    let zipped = folder.path().join("a.zip");
    pack(&zipped, &folder.path().join("data"), &[]);
    for (path, origin) in [
        (path, "in/shown.fgb (layer sites)"),
        (zipped, "in/shown.zip/a.fgb (layer sites)"),
    ] {
        let mut reader = open_as(&path, ogr(None), &LIMITS, None).unwrap();
        assert_eq!(*reader.crs(), Crs::Code("EPSG:3857".into()));
        let batch = reader.next().unwrap().unwrap();
        let mut found = geometries(&batch);
        found.sort();
        assert_eq!(
            found,
            ["POINT(1 2)", "POINT(4 5)"].map(|point| Some(point.to_owned()))
        );
        assert_eq!(
            (&*batch.source, batch.rows.values().as_ref()),
            (origin, &[0, 1][..])
        );
        assert_eq!((batch.repairs.dropped_z, batch.repairs.dropped_m), (2, 0));
    }
}

#[test]
fn reading_a_geopackage_leaves_nothing_beside_it() {
    let folder = TempDir::new().unwrap();
    let path = dataset(folder.path(), "GPKG", "a.gpkg", &["sites"]);
    // Bytes 18 and 19 of the header say that SQLite is to keep a write-ahead log.
    let mut bytes = fs::read(&path).unwrap();
    bytes[18..20].fill(2);
    fs::write(&path, bytes).unwrap();
    let mut reader = open_as(&path, ogr(None), &LIMITS, None).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().len(), 2);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_geopackage_whose_geometries_state_another_reference_than_their_column_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = dataset(folder.path(), "GPKG", "a.gpkg", &["sites"]);
    assert!(open_as(&path, ogr(None), &LIMITS, None).is_ok());
    let mut bytes = fs::read(&path).unwrap();
    // A geometry begins with `GP`, a version, flags and its srs_id: 3857, low byte first.
    let is_head = |head: &[u8]| head.starts_with(b"GP\0") && head[4..] == 3857_i32.to_le_bytes();
    let places: Vec<usize> = (0..bytes.len() - 8)
        .filter(|at| is_head(&bytes[*at..*at + 8]))
        .collect();
    assert_eq!(places.len(), 2);
    // The first row is the last that a page holds.
    let second = places[0] + 4;
    bytes[second..second + 4].copy_from_slice(&26915_i32.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let error = open_as(&path, ogr(None), &LIMITS, None)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("1 of its geometries state another srs_id than 3857") && error.contains("row 2"),
        "{error}"
    );
}

#[test]
fn ogr_asks_which_layer_is_meant() {
    let folder = TempDir::new().unwrap();
    let path = dataset(
        folder.path(),
        "GPKG",
        "0123456789abcdef.gpkg",
        &["states", "counties"],
    );
    let fault = |layer| {
        open_as(&path, ogr(layer), &LIMITS, None)
            .err()
            .unwrap()
            .to_string()
    };
    assert!(
        fault(None).contains("one of `states`, `counties`"),
        "{}",
        fault(None)
    );
    let typo = fault(Some("county"));
    assert!(typo.contains("did you mean `counties`"), "{typo}");
    assert!(open_as(&path, ogr(Some("Counties")), &LIMITS, None).is_ok());
    let found = describe(&path).unwrap();
    assert_eq!(
        found
            .layers
            .iter()
            .map(|layer| layer.features)
            .collect::<Vec<_>>(),
        [Some(2), Some(2)]
    );
    assert_eq!(found.layers[0].columns[1].declared.as_deref(), Some("Integer64"));
}

#[test]
fn ogr_refuses_a_crs_that_contradicts_the_file() {
    let folder = TempDir::new().unwrap();
    let path = dataset(folder.path(), "GPKG", "0123456789abcdef.gpkg", &["sites"]);
    let error = open_as(&path, ogr(None), &LIMITS, Some(Crs::Crs84))
        .err()
        .unwrap();
    assert!(matches!(error, SourceError::CrsConflict { .. }), "{error}");
}

#[test]
fn archives_that_are_not_what_they_seem_are_refused() {
    let folder = TempDir::new().unwrap();
    dataset(folder.path(), "ESRI Shapefile", "a.shp", &["a"]);
    let data = folder.path().join("data");
    let zip = folder.path().join("0123456789abcdef.zip");
    let fault = |limits: &Limits| {
        let error = open_as(&zip, ogr(None), limits, None).err().unwrap().to_string();
        assert!(
            error.contains("in/shown.zip") && !error.contains("0123"),
            "{error}"
        );
        error
    };
    for entry in ["../evil.shp", "/etc/evil.shp", "a\\evil.shp"] {
        pack(&zip, &data, &[entry]);
        assert!(fault(&LIMITS).contains("evil.shp"));
    }
    pack(&zip, &data, &[]);
    assert!(
        fault(&Limits {
            archive_bytes: 100,
            ..LIMITS
        })
        .contains("more than 100 bytes")
    );
    let whole = fs::read(&zip).unwrap();
    fs::write(&zip, &whole[..whole.len() / 2]).unwrap();
    assert!(fault(&LIMITS).contains("cannot read the archive"));
    let mut broken = whole;
    broken[40..60].fill(0xAA);
    fs::write(&zip, broken).unwrap();
    assert!(fault(&LIMITS).contains("fetch it again"));
    fs::write(&zip, "<html>not found</html>").unwrap();
    assert!(fault(&LIMITS).contains("an HTML page"));
    fs::write(&zip, "").unwrap();
    assert!(fault(&LIMITS).contains("is empty"));
    fs::create_dir(folder.path().join("none")).unwrap();
    pack(&zip, &folder.path().join("none"), &["a.csv"]);
    assert!(fault(&LIMITS).contains("it holds `a.csv`"));
}

#[test]
fn a_symbolic_link_in_an_archive_is_refused() {
    let folder = TempDir::new().unwrap();
    let zip = folder.path().join("0123456789abcdef.zip");
    let mut archive = ZipWriter::new(File::create(&zip).unwrap());
    archive
        .add_symlink("a.shp", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    archive.finish().unwrap();
    let error = open_as(&zip, ogr(None), &LIMITS, None).err().unwrap().to_string();
    assert!(error.contains("is a symbolic link"), "{error}");
}

#[test]
fn a_shapefile_of_no_declared_encoding_is_read_like_a_text_file() {
    let folder = TempDir::new().unwrap();
    let path = dataset(folder.path(), "ESRI Shapefile", "a.shp", &["a"]);
    let (dbf, cpg) = (path.with_extension("dbf"), path.with_extension("cpg"));
    let _ = fs::remove_file(cpg);
    let mut bytes = fs::read(&dbf).unwrap();
    let at = bytes.windows(2).position(|window| window == b"Se").unwrap();
    // 29 is where the header keeps its code page; Windows-1252 has the dash at 0x97.
    bytes[29] = 0;
    bytes[at + 2] = 0x97;
    fs::write(dbf, bytes).unwrap();
    let batch = open_as(&path, ogr(None), &LIMITS, None)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(column(&batch, "name")[0], Some("Se—or"));
}

#[test]
fn damaged_datasets_are_errors() {
    let folder = TempDir::new().unwrap();
    let path = dataset(
        folder.path(),
        "ESRI Shapefile",
        "0123456789abcdef.shp",
        &["0123456789abcdef"],
    );
    fs::remove_file(path.with_extension("shx")).unwrap();
    let error = open_as(&path, ogr(None), &LIMITS, None)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("in/shown.shp") && !error.contains("0123"),
        "{error}"
    );
    let noise = folder.path().join("fedcba9876543210.gpkg");
    fs::write(&noise, "SQLite format 3").unwrap();
    let error = open_as(&noise, ogr(None), &LIMITS, None)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("in/shown.gpkg") && !error.contains("fedcba"),
        "{error}"
    );
}

#[test]
fn files_describe_themselves() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        describe(&path).unwrap()
    };
    let csv = write("a.csv", "id;Longitude;Latitude\n1;2;3\n");
    let geometry = CsvGeometry::of_columns("Longitude", "Latitude");
    assert_eq!(
        csv.format,
        Some(Format::Csv {
            dialect: Dialect {
                delimiter: b';',
                ..Dialect::USUAL
            },
            geometry
        })
    );
    assert_eq!(write("b.csv", "id,name\n").format, None);
    let feature =
        r#"{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    let json = write("c.json", &format!("{{\"features\":[{feature},{feature}]}}"));
    assert_eq!(
        (json.format, json.layers[0].features),
        (Some(Format::Geojson), Some(2))
    );
    assert_eq!(json.layers[0].geometry.as_deref(), Some("Point"));
    assert_eq!(
        write("d.json", &format!("{feature}\n{feature}\n")).format,
        Some(Format::Geojsonl)
    );
}
