//! What stands in the files of a shapefile, whatever is declared of it, and coded domains.

use super::*;
use crate::source::ogr::fixture;

/// A `.dbf` of character and whole-number fields (name, kind, width) and these rows.
fn dbf(fields: &[(&str, u8, u8)], rows: &[&[&[u8]]], language: u8) -> Vec<u8> {
    let width: u16 = 1 + fields.iter().map(|(.., width)| u16::from(*width)).sum::<u16>();
    let header = 33 + 32 * u16::try_from(fields.len()).unwrap();
    let count = u32::try_from(rows.len()).unwrap();
    let mut file = vec![3, 120, 1, 1];
    file.extend(count.to_le_bytes());
    file.extend(header.to_le_bytes());
    file.extend(width.to_le_bytes());
    file.resize(32, 0);
    file[29] = language;
    for (name, kind, width) in fields {
        let mut field = name.as_bytes().to_vec();
        field.resize(11, 0);
        field.push(*kind);
        field.extend([0; 4]);
        field.push(*width);
        field.resize(32, 0);
        file.extend(field);
    }
    file.push(b'\r');
    for row in rows {
        file.push(b' ');
        for ((_, kind, width), value) in fields.iter().zip(*row) {
            let blanks = vec![b' '; usize::from(*width) - value.len()];
            let parts = if *kind == b'N' {
                [&blanks[..], value]
            } else {
                [*value, &blanks[..]]
            };
            file.extend(parts.concat());
        }
    }
    file.push(0x1A);
    file
}

/// A shapefile of so many points with these attributes.
fn shapefile(folder: &TempDir, points: usize, attributes: &[u8], page: Option<&str>) -> std::path::PathBuf {
    let path = folder.path().join("sites.shp");
    let wkt = vec!["POINT (1 2)"; points];
    fixture::write(&path, "ESRI Shapefile", &["sites"], Some("EPSG:4326"), &wkt);
    fs::write(path.with_extension("dbf"), attributes).unwrap();
    drop(fs::remove_file(path.with_extension("cpg")));
    if let Some(page) = page {
        fs::write(path.with_extension("cpg"), page).unwrap();
    }
    path
}

fn read(path: &Path) -> Result<RawBatch, SourceError> {
    let mut batches: Vec<RawBatch> = open_as(path, ogr(None), &LIMITS, None)?.collect::<Result<_, _>>()?;
    assert_eq!(batches.len(), 1);
    Ok(batches.remove(0))
}

#[test]
fn texts_are_decoded_one_by_one_whatever_is_declared() {
    const WINDOWS: u8 = 0x57;
    let rows: &[&[&[u8]]] = &[
        &[b"1", "Peña".as_bytes()],
        &[b"2", b"Pe\xF1a"],
        &[b"3", b"plain"],
        &[b"4", b"SanPePe\xC3"],
    ];
    let attributes = |language| dbf(&[("id", b'N', 4), ("name", b'C', 8)], rows, language);
    for (language, page, cut, recoded) in [
        (0, None, "SanPePeÃ", 2),
        (WINDOWS, None, "SanPePeÃ", 1),
        (0, Some("UTF-8"), "SanPePe", 2),
        (0, Some("ISO-8859-1"), "SanPePeÃ", 1),
    ] {
        let folder = TempDir::new().unwrap();
        let batch = read(&shapefile(&folder, 4, &attributes(language), page)).unwrap();
        assert_eq!(
            column(&batch, "name"),
            [Some("Peña"), Some("Peña"), Some("plain"), Some(cut)],
            "{page:?}"
        );
        assert_eq!(batch.repairs.recoded, recoded, "{language} {page:?}");
    }
}

/// As doubles the first two are one number.
#[test]
fn whole_numbers_of_twenty_digits_keep_them_all() {
    let rows: &[&[&[u8]]] = &[
        &[b"12345678901234567891"],
        &[b"12345678901234567892"],
        &[b"7"],
        &[b""],
    ];
    let folder = TempDir::new().unwrap();
    let path = shapefile(&folder, 4, &dbf(&[("id", b'N', 20)], rows, 0), None);
    let expected = [
        Some("12345678901234567891"),
        Some("12345678901234567892"),
        Some("7"),
        None,
    ];
    assert_eq!(column(&read(&path).unwrap(), "id"), expected);
    // With decimals that are all zeros, as spreadsheets and databases write them.
    let rows: &[&[&[u8]]] = &[
        &[b"1234567890123456789.00"],
        &[b"1234567890123456788.00"],
        &[b"0.50"],
        &[b"7.00"],
    ];
    let mut attributes = dbf(&[("id", b'N', 22)], rows, 0);
    attributes[32 + 17] = 2;
    let decimals = TempDir::new().unwrap();
    assert_eq!(
        column(&read(&shapefile(&decimals, 4, &attributes, None)).unwrap(), "id"),
        [
            Some("1234567890123456789"),
            Some("1234567890123456788"),
            Some("0.5"),
            Some("7")
        ]
    );
    let zipped = folder.path().join("zipped.zip");
    datasets::pack(&zipped, folder.path(), &[]);
    let packed = TempDir::new().unwrap();
    let moved = packed.path().join("zipped.zip");
    fs::rename(&zipped, &moved).unwrap();
    assert_eq!(column(&read(&moved).unwrap(), "id"), expected);
}

#[test]
fn shapes_and_attributes_of_unequal_number_are_refused() {
    let rows: &[&[&[u8]]] = &[&[b"1"], &[b"2"]];
    for (points, told) in [
        (1, "1 shapes and its .dbf 2 rows"),
        (3, "3 shapes and its .dbf 2 rows"),
    ] {
        let folder = TempDir::new().unwrap();
        let error = read(&shapefile(
            &folder,
            points,
            &dbf(&[("id", b'N', 4)], rows, 0),
            None,
        ))
        .unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

/// Bytes behind the last record, whose end the header states, are no shapes.
#[test]
fn an_index_may_be_padded() {
    let folder = TempDir::new().unwrap();
    let path = shapefile(&folder, 2, &dbf(&[("id", b'N', 4)], &[&[b"1"], &[b"2"]], 0), None);
    let mut index = fs::read(path.with_extension("shx")).unwrap();
    index.extend([0; 24]);
    fs::write(path.with_extension("shx"), index).unwrap();
    assert_eq!(read(&path).unwrap().len(), 2);
}

#[test]
fn coded_domains_are_decoded_beside_their_codes() {
    for file in ["coded.gpkg", "coded.gdb.zip"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/domains")
            .join(file);
        let batch = read(&path).unwrap();
        assert_eq!(
            column(&batch, "status"),
            [Some("1"), Some("2"), Some("9"), None],
            "{file}"
        );
        assert_eq!(
            column(&batch, "status_decoded"),
            [Some("In service"), Some("Out of service"), None, None],
            "{file}"
        );
        assert_eq!(
            column(&batch, "kind_decoded"),
            [Some("Hospital"), Some("Clinic"), Some("Hospital"), None],
            "{file}"
        );
    }
}

/// A code means what the row's subtype says, and the subtype's code is one itself.
#[test]
fn codes_mean_what_the_subtype_of_their_row_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/domains/kinds.gdb.zip");
    let batch = read(&path).unwrap();
    assert_eq!(
        column(&batch, "kind_decoded"),
        [Some("Road"), Some("Rail"), Some("Rail"), None]
    );
    assert_eq!(
        column(&batch, "status_decoded"),
        [Some("Open"), Some("Freight"), Some("Passenger"), Some("Open")],
        "a row of no known kind has the field's own names"
    );
}

/// Geometries of one mind say what their column doesn't.
#[test]
fn geometries_may_state_what_their_column_does_not() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.gpkg");
    fixture::write(
        &path,
        "GPKG",
        &["sites"],
        Some("EPSG:4326"),
        &["POINT (1 2)", "POINT (3 4)"],
    );
    fixture::ask(
        &path,
        &[
            "UPDATE gpkg_geometry_columns SET srs_id = 0",
            "UPDATE gpkg_contents SET srs_id = 0",
        ],
    );
    let reader = open_as(&path, ogr(None), &LIMITS, Some(Crs::Crs84)).unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().len()).sum::<usize>(), 2);
}

/// What GDAL calls undefined is no CRS: the pipeline's settles it.
#[test]
fn an_undefined_crs_is_none() {
    for srs_id in [0, -1, 99_999] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.gpkg");
        fixture::write(&path, "GPKG", &["sites"], None, &["POINT (1 2)"]);
        fixture::ask(
            &path,
            &[
                "INSERT OR IGNORE INTO gpkg_spatial_ref_sys (srs_name, srs_id, organization, organization_coordsys_id, \
                 definition) VALUES ('Undefined SRS', 99999, 'NONE', 99999, 'undefined')",
                &format!("UPDATE gpkg_geometry_columns SET srs_id = {srs_id}"),
                &format!("UPDATE gpkg_contents SET srs_id = {srs_id}"),
            ],
        );
        let error = open_as(&path, ogr(None), &LIMITS, None)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("doesn't say its CRS"), "{srs_id}: {error}");
        let reader = open_as(&path, ogr(None), &LIMITS, Some(Crs::Code("EPSG:3857".into()))).unwrap();
        assert_eq!(*reader.crs(), Crs::Code("EPSG:3857".into()), "{srs_id}");
    }
}
