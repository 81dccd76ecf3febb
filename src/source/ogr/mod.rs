//! Shapefile, FileGDB, GeoPackage and FlatGeobuf through GDAL, read and written, and CRSs through PROJ.
//!
//! Numbers, dates and instants come typed; an instant in a zone other than UTC is text, which says the zone.
//! The only folder of the project that names `gdal`. Opens what `archive` found with an allow-list of
//! drivers, read-only. GDAL's own messages go to the log, with the landing path replaced by the
//! source's name. What is written is `export`'s, into paths that it hands in (`writer`).

mod coded_column;
mod dataset;
mod domains;
mod encoding;
mod feature_count;
mod field;
#[cfg(test)]
pub(super) mod fixture;
mod geodatabase;
mod geometry;
mod geopackage;
mod messages;
mod proj;
mod records;
mod version;
mod writer;

pub(super) use dataset::Dataset;
pub(super) use geometry::wkb_of_text;
pub use messages::init;
pub use proj::reprojection_to_crs84;
pub(super) use proj::{canonical_crs, identify_projjson, identify_wkt, is_same};
pub(super) use records::OgrRecords;
pub use version::library_versions;
pub use writer::{VectorError, VectorFile, VectorFormat, VectorLayer, VectorRows};
