//! Which CRS a source is in. It is never guessed.
//!
//! The file's own word comes first, then the pipeline's, then the schema's; a file and a pipeline
//! that contradict each other are an error. GeoJSON's default comes from RFC 7946 §4.

use crate::feature::Crs;

use super::error::SourceError;
use super::ogr::{canonical_crs, is_same};
use super::stated_crs::StatedCrs;

/// The CRS of a source, from what its file, the pipeline and the schema say.
pub(super) fn resolve_crs(
    shown: &str,
    stated: StatedCrs,
    pipeline: Option<&Crs>,
    schema: Option<&Crs>,
) -> Result<Crs, SourceError> {
    match (stated, pipeline) {
        (StatedCrs::Named(file), Some(pipeline)) => agreed_crs(shown, &file, pipeline),
        (StatedCrs::Named(file), None) => Ok(canonical_crs(&file)),
        (_, Some(pipeline)) => Ok(canonical_crs(pipeline)),
        (StatedCrs::Rfc7946, None) => Ok(Crs::Crs84),
        (StatedCrs::Silent, None) => schema_crs(shown, None, schema),
        (StatedCrs::Unclear(text), None) => schema_crs(shown, Some(text), schema),
    }
}

/// The schema's CRS. A schema serves many files, so it is asked last: it must not overrule what one of them says.
fn schema_crs(shown: &str, unclear: Option<String>, schema: Option<&Crs>) -> Result<Crs, SourceError> {
    schema.map(canonical_crs).ok_or_else(|| SourceError::NoCrs {
        shown: shown.to_owned(),
        unclear,
    })
}

/// The file's CRS, which the pipeline may name in other words and may not contradict.
fn agreed_crs(shown: &str, file: &Crs, pipeline: &Crs) -> Result<Crs, SourceError> {
    let stated = canonical_crs(file);
    let declared = canonical_crs(pipeline);
    // Two names can be one CRS without a common code, so PROJ compares the definitions before anybody is blamed.
    if stated == declared || is_same(&stated, &declared) {
        return Ok(stated);
    }
    Err(SourceError::CrsConflict {
        shown: shown.to_owned(),
        file: stated.to_string(),
        pipeline: pipeline.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::ogr::reprojection_to_crs84;
    use super::*;

    fn code(text: &str) -> Crs {
        Crs::Code(text.into())
    }

    #[test]
    fn the_file_speaks_first_and_may_not_be_contradicted() {
        let mercator = code("EPSG:3857");
        let file = || StatedCrs::Named(code("ESRI:102100"));
        assert_eq!(
            resolve_crs("x", file(), None, Some(&Crs::Crs84)).unwrap(),
            mercator
        );
        assert_eq!(resolve_crs("x", file(), Some(&mercator), None).unwrap(), mercator);
        let message = resolve_crs("x", file(), Some(&Crs::Crs84), None)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("EPSG:3857") && message.contains("OGC:CRS84"),
            "{message}"
        );
    }

    #[test]
    fn silence_is_an_error_unless_somebody_declares() {
        let mercator = code("EPSG:3857");
        assert!(matches!(
            resolve_crs("x", StatedCrs::Silent, None, None),
            Err(SourceError::NoCrs { .. })
        ));
        assert_eq!(
            resolve_crs("x", StatedCrs::Silent, None, Some(&mercator)).unwrap(),
            mercator
        );
        assert_eq!(
            resolve_crs("x", StatedCrs::Silent, Some(&Crs::Crs84), Some(&mercator)).unwrap(),
            Crs::Crs84
        );
        assert_eq!(
            resolve_crs("x", StatedCrs::Rfc7946, None, Some(&mercator)).unwrap(),
            Crs::Crs84
        );
        assert_eq!(
            resolve_crs("x", StatedCrs::Rfc7946, Some(&mercator), None).unwrap(),
            mercator
        );
    }

    #[test]
    fn degrees_on_wgs_84_and_nad83_stay_as_they_are() {
        for code in ["EPSG:4326", "EPSG:4269", "OGC:CRS84", "EPSG:6318"] {
            assert!(
                reprojection_to_crs84(&Crs::Code(code.into())).unwrap().is_none(),
                "{code}"
            );
        }
        assert!(reprojection_to_crs84(&Crs::Crs84).unwrap().is_none());
    }

    #[test]
    fn projected_coordinates_become_degrees() {
        // Web Mercator is closed-form; the UTM zone is on NAD83, so no datum changes either.
        let (x, y) = (-13_318_894.75, 4_346_975.5);
        let radius = 6_378_137.0_f64;
        let expected = (
            (x / radius).to_degrees(),
            (2.0 * (y / radius).exp().atan() - std::f64::consts::FRAC_PI_2).to_degrees(),
        );
        for crs in [Crs::Code("EPSG:3857".into()), Crs::Code("ESRI:102100".into())] {
            let transform = reprojection_to_crs84(&crs).unwrap().unwrap();
            let (mut xs, mut ys) = ([x], [y]);
            transform.to_crs84(&mut xs, &mut ys).unwrap();
            assert!((xs[0] - expected.0).abs() < 1e-9 && (ys[0] - expected.1).abs() < 1e-9);
        }
        let utm = reprojection_to_crs84(&Crs::Code("EPSG:26915".into()))
            .unwrap()
            .unwrap();
        let (mut xs, mut ys) = ([500_000.0], [0.0]);
        utm.to_crs84(&mut xs, &mut ys).unwrap();
        assert!((xs[0] + 93.0).abs() < 1e-9 && ys[0].abs() < 1e-9);
    }

    #[test]
    fn what_proj_does_not_know_is_an_error() {
        for text in [
            "EPSG:999999",
            "/etc/hostname",
            "http://example.org/crs",
            "nonsense",
        ] {
            let error = reprojection_to_crs84(&Crs::Code(text.into()))
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
