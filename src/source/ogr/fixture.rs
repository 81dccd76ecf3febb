//! Datasets for tests, written through GDAL.

use std::path::Path;

use gdal::spatial_ref::SpatialRef;
use gdal::vector::{Feature, Geometry, LayerAccess, LayerOptions, OGRFieldType};
use gdal::{DatasetOptions, DriverManager, GdalOpenFlags};

use super::messages::{forget_messages, init};

/// Writes a dataset whose layers all have these geometries, in WKT, the fields `name`, `beds`,
/// `area`, `opened`, `seen`, and nulls in every row but the first.
pub(in crate::source) fn write(path: &Path, driver: &str, layers: &[&str], crs: Option<&str>, wkt: &[&str]) {
    init();
    let driver = DriverManager::get_driver_by_name(driver).unwrap();
    let mut dataset = driver.create_vector_only(path).unwrap();
    let srs = crs.map(|crs| SpatialRef::from_definition(crs).unwrap());
    let kind = Geometry::from_wkt(wkt[0]).unwrap().geometry_type();
    for name in layers {
        let options = LayerOptions {
            name,
            srs: srs.as_ref(),
            ty: kind,
            options: None,
        };
        let layer = dataset.create_layer(options).unwrap();
        let fields = [
            ("name", OGRFieldType::OFTString),
            ("beds", OGRFieldType::OFTInteger64),
            ("area", OGRFieldType::OFTReal),
            ("opened", OGRFieldType::OFTDate),
        ];
        layer.create_defn_fields(&fields).unwrap();
        for (row, wkt) in wkt.iter().enumerate() {
            let mut feature = Feature::new(layer.defn()).unwrap();
            if row == 0 {
                feature.set_field_string(0, "Señor").unwrap();
                feature.set_field_integer64(1, 12).unwrap();
                feature.set_field_double(2, 0.1).unwrap();
                let opened = gdal_date(2020, 2, 29);
                feature.set_field_datetime(3, opened).unwrap();
            }
            if !wkt.is_empty() {
                feature.set_geometry(Geometry::from_wkt(wkt).unwrap()).unwrap();
            }
            feature.create(&layer).unwrap();
        }
    }
    dataset.close().unwrap();
    forget_messages();
}

/// Asks a database of a dataset, in its own SQL.
pub(in crate::source) fn ask(path: &Path, statements: &[&str]) {
    init();
    let options = DatasetOptions {
        open_flags: GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_UPDATE,
        ..DatasetOptions::default()
    };
    let dataset = gdal::Dataset::open_ex(path, options).unwrap();
    for statement in statements {
        drop(
            dataset
                .execute_sql(*statement, None, gdal::vector::sql::Dialect::DEFAULT)
                .unwrap(),
        );
    }
    dataset.close().unwrap();
    forget_messages();
}

fn gdal_date(year: i32, month: u32, day: u32) -> chrono::DateTime<chrono::FixedOffset> {
    let date = chrono::NaiveDate::from_ymd_opt(year, month, day)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    date.and_utc().fixed_offset()
}
