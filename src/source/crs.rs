//! Which CRS a source is in. It is never guessed.
//!
//! The file's own word comes first, then the pipeline's, then the schema's; a file and a pipeline
//! that contradict each other are an error. GeoJSON's default comes from RFC 7946 §4.

use crate::feature::Crs;

use super::error::SourceError;
use super::ogr;

/// What a file says about its CRS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stated {
    /// It names one.
    Named(Crs),
    /// It names one in words that no one can look up.
    Unclear(String),
    /// Its format can't say, or it doesn't.
    Silent,
    /// It is GeoJSON without a `crs` member: OGC:CRS84 unless the pipeline says otherwise
    /// ("prior arrangement", RFC 7946 §4); a schema, which serves many files, doesn't count.
    Rfc7946,
}

/// Settles the CRS of a source from everybody's word.
pub(super) fn settle(
    shown: &str,
    stated: Stated,
    pipeline: Option<&Crs>,
    schema: Option<&Crs>,
) -> Result<Crs, SourceError> {
    let written = pipeline;
    match (stated, written.map(normalise)) {
        (Stated::Named(file), Some(pipeline)) => {
            let file = normalise(&file);
            if file == pipeline || ogr::is_same(&file, &pipeline) {
                return Ok(file);
            }
            Err(SourceError::CrsConflict {
                shown: shown.to_owned(),
                file: file.to_string(),
                pipeline: written.unwrap_or(&pipeline).to_string(),
            })
        }
        (Stated::Named(file), None) => Ok(normalise(&file)),
        (_, Some(pipeline)) => Ok(pipeline),
        (Stated::Rfc7946, None) => Ok(Crs::Crs84),
        (Stated::Silent, None) => schema.map(normalise).ok_or_else(|| SourceError::NoCrs {
            shown: shown.to_owned(),
            said: None,
        }),
        (Stated::Unclear(said), None) => {
            let error = || SourceError::NoCrs {
                shown: shown.to_owned(),
                said: Some(said),
            };
            schema.map(normalise).ok_or_else(error)
        }
    }
}

/// The same CRS under the name everybody uses: `EPSG:4326` is OGC:CRS84, `ESRI:102100` is
/// `EPSG:3857`, a WKT that describes an authority's CRS is its code.
pub(super) fn normalise(crs: &Crs) -> Crs {
    match crs {
        Crs::Crs84 => Crs::Crs84,
        Crs::Code(text) => named(text).unwrap_or_else(|| crs.clone()),
        Crs::Wkt(wkt) => ogr::identify_wkt(wkt).unwrap_or_else(|| crs.clone()),
    }
}

/// The CRS of an authority code in any of its spellings: `EPSG:3857`, `3857`,
/// `urn:ogc:def:crs:EPSG::3857`, `http://www.opengis.net/def/crs/EPSG/0/3857`; `None` for other text.
pub(super) fn named(text: &str) -> Option<Crs> {
    let upper = text.trim().to_ascii_uppercase();
    let separators: &[char] = if upper.starts_with("HTTP") {
        &[':', '/']
    } else {
        &[':']
    };
    let parts: Vec<&str> = upper.split(separators).filter(|part| !part.is_empty()).collect();
    let code = parts.last()?;
    let authority = match parts.as_slice() {
        [_] if code.bytes().all(|b| b.is_ascii_digit()) => "EPSG",
        [_] if *code == "CRS84" => "OGC",
        [authority, _]
        | [authority @ "OGC", _, _]
        | ["URN", "OGC" | "X-OGC", "DEF", "CRS", authority, ..]
        | ["HTTP" | "HTTPS", "WWW.OPENGIS.NET", "DEF", "CRS", authority, ..] => authority,
        _ => return None,
    };
    let plain = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain(authority) || !plain(code) {
        return None;
    }
    Some(match (authority, *code) {
        // 4979 is the same with heights, which are dropped; axis order in files is always x, y.
        ("EPSG", "4326" | "4979") | ("OGC", "CRS84" | "CRS84H" | "84") | ("CRS", "84") => Crs::Crs84,
        ("OGC", "CRS83" | "83") | ("CRS", "83") => Crs::Code("EPSG:4269".into()),
        ("EPSG" | "ESRI", "102100" | "900913") => Crs::Code("EPSG:3857".into()),
        ("EPSG" | "ESRI", "102113") => Crs::Code("EPSG:3785".into()),
        (authority, code) => Crs::Code(format!("{authority}:{code}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Crs {
        Crs::Code(text.into())
    }

    #[test]
    fn spellings_of_one_crs_are_one() {
        for text in [
            "EPSG:4326",
            "4326",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            "urn:ogc:def:crs:EPSG::4326",
            "OGC:CRS84",
            "OGC:1.3:CRS84",
            "CRS84",
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        ] {
            assert_eq!(named(text), Some(Crs::Crs84), "{text}");
        }
        for text in [
            "EPSG:3857",
            "epsg:102100",
            "ESRI:102100",
            "urn:ogc:def:crs:EPSG:9.8.1:3857",
            "EPSG:900913",
        ] {
            assert_eq!(named(text), Some(code("EPSG:3857")), "{text}");
        }
        assert_eq!(named("/etc/passwd:x"), None);
        assert_eq!(named("/etc/passwd"), None);
        assert_eq!(named("http://example.org/crs"), None);
    }

    #[test]
    fn the_file_speaks_first_and_may_not_be_contradicted() {
        let mercator = code("EPSG:3857");
        let file = || Stated::Named(code("ESRI:102100"));
        assert_eq!(settle("x", file(), None, Some(&Crs::Crs84)).unwrap(), mercator);
        assert_eq!(settle("x", file(), Some(&mercator), None).unwrap(), mercator);
        let said = settle("x", file(), Some(&Crs::Crs84), None)
            .unwrap_err()
            .to_string();
        assert!(said.contains("EPSG:3857") && said.contains("OGC:CRS84"), "{said}");
    }

    #[test]
    fn silence_is_an_error_unless_somebody_declares() {
        let mercator = code("EPSG:3857");
        assert!(matches!(
            settle("x", Stated::Silent, None, None),
            Err(SourceError::NoCrs { .. })
        ));
        assert_eq!(
            settle("x", Stated::Silent, None, Some(&mercator)).unwrap(),
            mercator
        );
        assert_eq!(
            settle("x", Stated::Silent, Some(&Crs::Crs84), Some(&mercator)).unwrap(),
            Crs::Crs84
        );
        assert_eq!(
            settle("x", Stated::Rfc7946, None, Some(&mercator)).unwrap(),
            Crs::Crs84
        );
        assert_eq!(
            settle("x", Stated::Rfc7946, Some(&mercator), None).unwrap(),
            mercator
        );
    }

    #[test]
    fn degrees_on_wgs_84_and_nad83_stay_as_they_are() {
        for code in ["EPSG:4326", "EPSG:4269", "OGC:CRS84", "EPSG:6318"] {
            assert!(
                ogr::reprojection(&Crs::Code(code.into())).unwrap().is_none(),
                "{code}"
            );
        }
        assert!(ogr::reprojection(&Crs::Crs84).unwrap().is_none());
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
            let transform = ogr::reprojection(&crs).unwrap().unwrap();
            let (mut xs, mut ys) = ([x], [y]);
            transform.to_crs84(&mut xs, &mut ys).unwrap();
            assert!((xs[0] - expected.0).abs() < 1e-9 && (ys[0] - expected.1).abs() < 1e-9);
        }
        let utm = ogr::reprojection(&Crs::Code("EPSG:26915".into()))
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
            let error = ogr::reprojection(&Crs::Code(text.into()))
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
