//! Which libraries read: what they make of the same bytes may change with them.

use gdal::version::VersionInfo;

/// Versions of GDAL and PROJ, as they tell them.
///
/// ```
/// assert!(cikr::source::library_versions().starts_with("GDAL "));
/// ```
pub fn library_versions() -> String {
    let gdal = VersionInfo::version_summary();
    let proj = VersionInfo::build_info()
        .remove("PROJ_RUNTIME_VERSION")
        .unwrap_or_default();
    format!("{gdal}; PROJ {proj}")
}
