//! Coordinate reference systems through PROJ: which one a file means, and the way to OGC:CRS84.

use std::cell::Cell;

use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, CoordTransformOptions, SpatialRef};
use serde_json::Value;

use super::messages::{drain_messages, init};
use crate::feature::{CoordinatesSeen, Crs, Reproject};
use crate::source::crs_code::parse_crs_code;
use crate::source::error::SourceError;
use crate::source::projjson;
use crate::source::stated_crs::StatedCrs;

/// Geographic CRSs whose longitudes and latitudes count as OGC:CRS84: WGS 84 itself, and NAD83 with its
/// realisations, for which EPSG lists a null transformation (1188, 1580, 15931, 9774). Declared,
/// so that a machine with PROJ's grids gives the same bytes as one without.
const IDENTITY: &[&str] = &["EPSG:4326", "EPSG:4269", "EPSG:4152", "EPSG:4759", "EPSG:6318"];

/// What a dataset says by a definition.
pub(super) fn stated_crs(srs: &SpatialRef) -> StatedCrs {
    usable_crs(srs).map_or_else(
        || StatedCrs::Unclear(srs.name().unwrap_or_default()),
        StatedCrs::Named,
    )
}

/// The CRS of a definition; none where it says that there is none, as a GeoPackage's 0, -1 and 99999 do: a plane of
/// its own that lies nowhere, degrees of that name, or a datum that PROJ knows no way from (`D_Unknown`).
fn usable_crs(srs: &SpatialRef) -> Option<Crs> {
    let is_undefined = srs
        .name()
        .is_some_and(|name| name.to_ascii_lowercase().starts_with("undefined"));
    if srs.is_local() || srs.is_geographic() && is_undefined {
        return None;
    }
    let crs = identify_crs(srs);
    let is_usable = is_identity(&crs) || build_transform(&crs).is_ok();
    drain_messages(None);
    is_usable.then_some(crs)
}

/// The authority's code of a definition, if it has one.
fn identify_crs(srs: &SpatialRef) -> Crs {
    let mut guess = srs.clone();
    let found = srs.authority().ok().or_else(|| {
        guess.auto_identify_epsg().ok()?;
        guess.authority().ok()
    });
    // Esri's .prj files carry no codes, and GDAL's own guess knows few of them: PROJ's description shows the datum,
    // which has one.
    let found = found.or_else(|| {
        let definition = to_projjson(srs);
        projjson::horizontal_code(&definition).or_else(|| projjson::geographic_code(&definition))
    });
    drain_messages(None);
    match found.as_deref().and_then(parse_crs_code) {
        Some(crs) => crs,
        None => Crs::Wkt(srs.to_wkt().unwrap_or_default()),
    }
}

/// The same CRS under the name everybody uses: `EPSG:4326` is OGC:CRS84, `ESRI:102100` is
/// `EPSG:3857`, a WKT that describes an authority's CRS is its code.
pub(in crate::source) fn canonical_crs(crs: &Crs) -> Crs {
    match crs {
        Crs::Crs84 => Crs::Crs84,
        Crs::Code(text) => parse_crs_code(text).unwrap_or_else(|| crs.clone()),
        Crs::Wkt(wkt) => identify_wkt(wkt).unwrap_or_else(|| crs.clone()),
    }
}

/// The CRS of a WKT definition, by its code where it has one; `None` where it can't be read, or defines none.
pub(in crate::source) fn identify_wkt(wkt: &str) -> Option<Crs> {
    init();
    let srs = SpatialRef::from_wkt(wkt);
    drain_messages(None);
    usable_crs(&srs.ok()?)
}

/// The CRS of a PROJJSON definition without a code of its own; `None` where it can't be read, or defines none.
pub(in crate::source) fn identify_projjson(definition: &Value) -> Option<Crs> {
    init();
    // An object begins with a brace, so GDAL can't take it for the name of a file.
    let srs = definition
        .is_object()
        .then(|| SpatialRef::from_definition(&definition.to_string()));
    drain_messages(None);
    usable_crs(&srs?.ok()?)
}

/// Whether two CRSs are the same under different names.
pub(in crate::source) fn is_same(a: &Crs, b: &Crs) -> bool {
    init();
    let same = matches!((srs_x_first(a), srs_x_first(b)), (Ok(a), Ok(b)) if a == b);
    drain_messages(None);
    same
}

/// The way from a CRS to OGC:CRS84; `None` where coordinates already are longitude and latitude
/// on WGS 84, or on NAD83, which is declared to be the same.
///
/// Projections on these are undone without a change of datum; any other datum needs a
/// transformation that PROJ knows the accuracy of (no "ballpark" ones).
///
/// ```
/// use cikr::feature::Crs;
/// use cikr::source::{self, SourceError};
///
/// // NAD83 counts as WGS 84: there is nothing to do.
/// assert!(source::reprojection_to_crs84(&Crs::Code("EPSG:4269".into()))?.is_none());
///
/// let mercator = source::reprojection_to_crs84(&Crs::Code("EPSG:3857".into()))?.expect("metres");
/// let mut x = [-10_018_754.171_394_62];
/// let mut y = [0.0];
/// mercator.to_crs84(&mut x, &mut y).expect("within the domain");
/// assert!((x[0] + 90.0).abs() < 1e-9 && y[0].abs() < 1e-9);
///
/// let unknown = source::reprojection_to_crs84(&Crs::Code("EPSG:999999".into()));
/// assert!(matches!(unknown, Err(SourceError::UnknownCrs { .. })));
/// # Ok::<(), SourceError>(())
/// ```
///
/// # Errors
/// For a CRS that PROJ doesn't know or can't transform.
pub fn reprojection_to_crs84(crs: &Crs) -> Result<Option<Box<dyn Reproject>>, SourceError> {
    init();
    let crs = canonical_crs(crs);
    if is_identity(&crs) {
        return Ok(None);
    }
    let transform = build_transform(&crs);
    let failure = drain_messages(None);
    match transform {
        Ok(transform) => Ok(Some(Box::new(transform))),
        Err(error) => Err(SourceError::UnknownCrs {
            crs: crs.to_string(),
            reason: failure.unwrap_or_else(|| error.to_string()),
        }),
    }
}

fn is_identity(crs: &Crs) -> bool {
    *crs == Crs::Crs84 || matches!(crs, Crs::Code(code) if IDENTITY.contains(&code.as_str()))
}

fn build_transform(crs: &Crs) -> gdal::errors::Result<Transform> {
    let source = srs_x_first(crs)?;
    let base = projjson::base_code(&to_projjson(&source));
    // To the same datum where that counts as CRS84: a UTM zone on NAD83 is undone without a step to WGS 84, whose
    // size would depend on which grids a machine has.
    let base = base.filter(|code| IDENTITY.contains(&code.as_str()));
    let target = srs_x_first(&base.map_or(Crs::Crs84, Crs::Code))?;
    let mut options = CoordTransformOptions::new()?;
    options.set_ballpark_allowed(false)?;
    Ok(Transform {
        there: CoordTransform::new_with_options(&source, &target, &options)?,
        back: CoordTransform::new_with_options(&target, &source, &options)?,
        is_projected: source.is_projected(),
        seen: Cell::default(),
    })
}

/// The definition of a CRS, with x before y.
fn srs_x_first(crs: &Crs) -> gdal::errors::Result<SpatialRef> {
    let mut srs = match crs {
        Crs::Crs84 => SpatialRef::from_definition("OGC:CRS84")?,
        // Other text could name a file or a URL to GDAL.
        Crs::Code(code) if parse_crs_code(code).is_some() => SpatialRef::from_definition(code)?,
        Crs::Code(code) => {
            return Err(gdal::errors::GdalError::BadArgument(format!(
                "`{code}` is no authority code"
            )));
        }
        Crs::Wkt(wkt) => SpatialRef::from_wkt(wkt)?,
    };
    srs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    Ok(srs)
}

fn to_projjson(srs: &SpatialRef) -> Value {
    srs.to_projjson()
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// PROJ's transformation behind the kernel's trait, and the way back.
struct Transform {
    there: CoordTransform,
    back: CoordTransform,
    is_projected: bool,
    seen: Cell<CoordinatesSeen>,
}

/// How far a point may come back from where it started, relative to its coordinates. PROJ turns
/// points far outside a projection's domain into something plausible (Web Mercator wraps around
/// the globe); those come back elsewhere.
const ASTRAY: f64 = 1e-6;

impl Reproject for Transform {
    fn to_crs84(&self, x: &mut [f64], y: &mut [f64]) -> Result<(), String> {
        let before_x = x.to_vec();
        let before_y = y.to_vec();
        self.note_degrees(x, y);
        transform_in_place(&self.there, x, y)?;
        let mut back_x = x.to_vec();
        let mut back_y = y.to_vec();
        transform_in_place(&self.back, &mut back_x, &mut back_y)?;
        for (at, (x, y)) in before_x.into_iter().zip(before_y).enumerate() {
            let most = ASTRAY * (1.0 + x.abs() + y.abs());
            if (back_x[at] - x).abs() > most || (back_y[at] - y).abs() > most {
                return Err(format!("({x}, {y}) is outside the domain of the CRS"));
            }
        }
        Ok(())
    }

    fn coordinates_seen(&self) -> CoordinatesSeen {
        self.seen.get()
    }
}

impl Transform {
    /// Counts coordinates that look like degrees, under a CRS in other units: a claim that can't be right.
    fn note_degrees(&self, x: &[f64], y: &[f64]) {
        if self.is_projected {
            let like = x
                .iter()
                .zip(y)
                .filter(|(x, y)| x.abs() <= 180.0 && y.abs() <= 90.0)
                .count() as u64;
            let mut seen = self.seen.get();
            seen.add(CoordinatesSeen {
                degrees: like,
                others: x.len() as u64 - like,
            });
            self.seen.set(seen);
        }
    }
}

fn transform_in_place(transform: &CoordTransform, x: &mut [f64], y: &mut [f64]) -> Result<(), String> {
    let done = transform.transform_coords(x, y, &mut []);
    let failure = drain_messages(None);
    done.map_err(|error| failure.unwrap_or_else(|| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_get_their_code() {
        let wkt = srs_x_first(&Crs::Code("EPSG:4269".into()))
            .unwrap()
            .to_wkt()
            .unwrap();
        assert_eq!(identify_wkt(&wkt), Some(Crs::Code("EPSG:4269".into())));
        let compound = SpatialRef::from_definition("EPSG:4326+5773")
            .unwrap()
            .to_wkt()
            .unwrap();
        assert_eq!(identify_wkt(&compound), Some(Crs::Crs84));
        assert_eq!(identify_wkt("GEOGCS["), None);
        // A complete definition, whatever its name; and a datum from which there is no way.
        let utm = SpatialRef::from_definition("EPSG:32614")
            .unwrap()
            .to_wkt()
            .unwrap();
        let renamed = utm.replace("WGS 84 / UTM zone 14N", "Undefined_UTM");
        assert!(
            renamed.contains("Undefined_UTM") && identify_wkt(&renamed).is_some(),
            "{renamed}"
        );
        for datum in [
            "D_Unknown",
            "D_MAPINFO",
            "Not specified (based on GRS 1980 ellipsoid)",
        ] {
            let unknown = format!(
                "GEOGCS[\"GCS\",DATUM[\"{datum}\",SPHEROID[\"GRS 1980\",6378137,298.257222101]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]]"
            );
            assert_eq!(identify_wkt(&unknown), None, "{datum}");
        }
        assert_eq!(identify_wkt("LOCAL_CS[\"Site plan\",UNIT[\"metre\",1]]"), None);
        assert_eq!(
            identify_wkt(
                "ENGCRS[\"Undefined Cartesian SRS\",EDATUM[\"\"],CS[Cartesian,2],AXIS[\"x\",east],AXIS[\"y\",north],LENGTHUNIT[\"metre\",1]]"
            ),
            None
        );
    }
}
