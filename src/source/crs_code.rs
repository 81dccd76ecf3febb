//! Authority codes of CRSs in the spellings that files and people use.
//!
//! Pure: whether PROJ knows a code is not asked here.

use crate::feature::Crs;

/// The CRS of an authority code in any of its spellings: `EPSG:3857`, `3857`,
/// `urn:ogc:def:crs:EPSG::3857`, `http://www.opengis.net/def/crs/EPSG/0/3857`; `None` for other text.
pub(super) fn parse_crs_code(text: &str) -> Option<Crs> {
    let upper = text.trim().to_ascii_uppercase();
    let separators: &[char] = if upper.starts_with("HTTP") {
        &[':', '/']
    } else {
        &[':']
    };
    let parts: Vec<&str> = upper.split(separators).filter(|part| !part.is_empty()).collect();
    let code = parts.last()?;
    // A bare number is taken for EPSG's, as in the legacy `crs` of GeoJSON. Versions between authority and code are
    // passed over: PROJ knows one set of definitions.
    let authority = match parts.as_slice() {
        [_] if code.bytes().all(|b| b.is_ascii_digit()) => "EPSG",
        [_] if *code == "CRS84" => "OGC",
        [authority, _]
        | [authority @ "OGC", _, _]
        | ["URN", "OGC" | "X-OGC", "DEF", "CRS", authority, ..]
        | ["HTTP" | "HTTPS", "WWW.OPENGIS.NET", "DEF", "CRS", authority, ..] => authority,
        _ => return None,
    };
    // What is let through is handed to PROJ, to which other text could be the name of a file or a URL.
    let is_plain = [authority, code]
        .iter()
        .all(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if !is_plain {
        return None;
    }
    Some(match (authority, *code) {
        // 4979 is the same with heights, which are dropped; axis order in files is always x, y.
        ("EPSG", "4326" | "4979") | ("OGC", "CRS84" | "CRS84H" | "84") | ("CRS", "84") => Crs::Crs84,
        // NAD83 by longitude and latitude, as OGC names it.
        ("OGC", "CRS83" | "83") | ("CRS", "83") => Crs::Code("EPSG:4269".into()),
        // Codes from before Web Mercator had one of EPSG's, which services still state.
        ("EPSG" | "ESRI", "102100" | "900913") => Crs::Code("EPSG:3857".into()),
        ("EPSG" | "ESRI", "102113") => Crs::Code("EPSG:3785".into()),
        (authority, code) => Crs::Code(format!("{authority}:{code}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(parse_crs_code(text), Some(Crs::Crs84), "{text}");
        }
        for text in [
            "EPSG:3857",
            "epsg:102100",
            "ESRI:102100",
            "urn:ogc:def:crs:EPSG:9.8.1:3857",
            "EPSG:900913",
        ] {
            assert_eq!(
                parse_crs_code(text),
                Some(Crs::Code("EPSG:3857".into())),
                "{text}"
            );
        }
        assert_eq!(parse_crs_code("/etc/passwd:x"), None);
        assert_eq!(parse_crs_code("/etc/passwd"), None);
        assert_eq!(parse_crs_code("http://example.org/crs"), None);
    }
}
