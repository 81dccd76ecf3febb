//! Esri's spatial references: which CRS a `wkid`, `latestWkid` or `wkt` is.
//!
//! Esri's codes and EPSG's share one range of numbers: below 32768 they are EPSG's, above Esri's own (102100,
//! 54009, 103xxx). What PROJ doesn't know under one of the names is tried under the next, never guessed.

use serde_json::Value;

use crate::feature::Crs;
use crate::source::crs_code::parse_crs_code;
use crate::source::ogr;
use crate::source::stated_crs::StatedCrs;

/// Highest code of EPSG; Esri numbers its own from here up.
const LAST_EPSG: i64 = 32767;

/// A spatial reference as a server writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpatialReference {
    /// Newest name first.
    codes: Vec<i64>,
    wkt: Option<String>,
}

impl SpatialReference {
    /// Reads the member `spatialReference`; none where it says nothing.
    pub(super) fn parse(raw: &[u8]) -> Option<Self> {
        Self::from_json(&serde_json::from_slice(raw).ok()?)
    }

    /// The same from parsed JSON.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let mut codes: Vec<i64> = ["latestWkid", "wkid"]
            .into_iter()
            .filter_map(|name| value.get(name)?.as_i64())
            .filter(|code| *code > 0)
            .collect();
        codes.dedup();
        let wkt = ["wkt", "wkt2"]
            .into_iter()
            .filter_map(|name| value.get(name)?.as_str())
            .map(|wkt| wkt.trim().to_owned())
            .find(|wkt| !wkt.is_empty());
        (!codes.is_empty() || wkt.is_some()).then_some(Self { codes, wkt })
    }

    /// The CRS it is; unclear where PROJ knows none of its names.
    pub(super) fn stated_crs(&self) -> StatedCrs {
        // `latestWkid` comes first: it is EPSG's where `wkid` is the number that Esri once gave (102100 and 3857).
        let coded = self.codes.iter().filter_map(|code| crs_of_wkid(*code));
        let worded = self
            .wkt
            .iter()
            .map(|wkt| ogr::canonical_crs(&Crs::Wkt(wkt.clone())));
        match coded
            .chain(worded)
            .find(|crs| ogr::reprojection_to_crs84(crs).is_ok())
        {
            Some(crs) => StatedCrs::Named(crs),
            None => StatedCrs::Unclear(self.display_names()),
        }
    }

    /// Its names, for people.
    fn display_names(&self) -> String {
        const CHARS: usize = 80;
        let codes = self.codes.iter().map(|code| format!("wkid {code}"));
        let wkt = self.wkt.iter().map(|wkt| wkt.chars().take(CHARS).collect());
        codes.chain(wkt).collect::<Vec<_>>().join(", ")
    }
}

fn crs_of_wkid(code: i64) -> Option<Crs> {
    let authority = if code <= LAST_EPSG { "EPSG" } else { "ESRI" };
    parse_crs_code(&format!("{authority}:{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn stated(text: &str) -> StatedCrs {
        SpatialReference::parse(text.as_bytes()).map_or(StatedCrs::Silent, |reference| reference.stated_crs())
    }

    fn code(text: &str) -> StatedCrs {
        StatedCrs::Named(Crs::Code(text.into()))
    }

    #[test]
    fn codes_of_esri_and_epsg_are_told_apart() {
        assert_eq!(
            stated(r#"{"wkid":4326,"latestWkid":4326}"#),
            StatedCrs::Named(Crs::Crs84)
        );
        for mercator in [
            r#"{"wkid":102100,"latestWkid":3857}"#,
            r#"{"wkid":102100}"#,
            r#"{"wkid":3857}"#,
        ] {
            assert_eq!(stated(mercator), code("EPSG:3857"), "{mercator}");
        }
        assert_eq!(stated(r#"{"wkid":102113}"#), code("EPSG:3785"));
        assert_eq!(stated(r#"{"wkid":2229}"#), code("EPSG:2229"));
        assert_eq!(stated(r#"{"wkid":102697}"#), code("ESRI:102697"));
        assert_eq!(
            stated(r#"{"wkid":102039,"latestWkid":102039}"#),
            code("ESRI:102039")
        );
        assert_eq!(stated(r#"{"wkid":54009}"#), code("ESRI:54009"));
    }

    #[test]
    fn a_name_that_proj_does_not_know_gives_way_to_the_next() {
        assert_eq!(
            stated(r#"{"latestWkid":9999999,"wkid":102100}"#),
            code("EPSG:3857")
        );
        let wgs84 = r#"{"wkt":"GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]"}"#;
        assert_eq!(stated(wgs84), StatedCrs::Named(Crs::Crs84));
        let wkt = r#"{"wkid":0,"wkt":"GEOGCS[\"GCS_North_American_1983\",DATUM[\"D_North_American_1983\",SPHEROID[\"GRS_1980\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]"}"#;
        assert_eq!(stated(wkt), code("EPSG:4269"));
    }

    #[test]
    fn what_nobody_knows_is_unclear_and_what_says_nothing_silent() {
        assert_eq!(
            stated(r#"{"wkid":999999}"#),
            StatedCrs::Unclear("wkid 999999".into())
        );
        for silent in [
            "{}",
            "null",
            r#"{"wkid":null}"#,
            r#"{"wkid":0,"wkt":""}"#,
            r#"{"wkid":-1}"#,
            "[",
        ] {
            assert_eq!(stated(silent), StatedCrs::Silent, "{silent}");
        }
    }
}
