//! What the page says of jurisdictions and of the scorecard.

use super::Release;
use crate::feature::{
    GovernmentSum, KindCount, LayerStatus, RegistryReport, ScorecardReport, SectorStanding, StateLine,
};

#[test]
fn the_scorecard_says_no_layer_and_never_zero_where_nothing_is_known() {
    let mut release = Release::new(LayerStatus::Published);
    let standing = |sector: &str, facilities, reason: Option<&str>| SectorStanding {
        sector: sector.to_owned(),
        facilities,
        reason: reason.map(str::to_owned),
    };
    let told = ScorecardReport {
        cells: 2,
        sectors: vec![
            standing("DAMS", Some(4_321), None),
            standing("INFT", None, Some("no layer for this sector")),
        ],
        states: vec![StateLine {
            state: "TX".to_owned(),
            facilities: vec![Some(4_321), None],
            without_sector: 2,
        }],
    };
    let products = [("scorecard".to_owned(), serde_json::to_value(told).unwrap())];
    release.report.products = Some(products.into());
    let html = release.html();
    let row = html.split("<th scope=\"row\">TX</th>").nth(1).unwrap();
    let row = row.split("</tr>").next().unwrap();
    assert_eq!(row.matches("4,321").count(), 1, "{row}");
    assert!(
        row.contains("no layer") && !row.contains(">0<") && row.contains("4,323"),
        "{row}"
    );
    assert!(html.contains("INFT: no layer for this sector."), "{html}");
}

#[test]
fn kinds_that_govern_and_have_no_polygons_are_told() {
    let mut release = Release::new(LayerStatus::Published);
    let told = RegistryReport {
        kinds: vec![KindCount {
            kind: "special_district".to_owned(),
            title: "special district".to_owned(),
            governments: vec![("2022".to_owned(), 39_555)],
            polygons: None,
        }],
        governments: vec![GovernmentSum {
            vintage: "2022".to_owned(),
            all: 90_888,
            local: 90_837,
        }],
        ..RegistryReport::default()
    };
    let products = [("registry".to_owned(), serde_json::to_value(told).unwrap())];
    release.report.products = Some(products.into());
    let html = release.html();
    assert!(
        html.contains("90,888 governments, 90,837 of them local"),
        "{html}"
    );
    assert!(
        html.contains("39,555") && html.contains("no set in the pipeline"),
        "{html}"
    );
}
