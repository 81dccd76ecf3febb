//! Servers that can't do what is asked of them, or do something else: the layer is had another way.

use std::path::Path;

use serde_json::Value;

use super::{PAGE_ROWS, Puller, layer, pages, rows, same};
use crate::loopback::Request;
use crate::loopback::arcgis::{ArcGis, Extra, Layer, Pagination, Quirks, Row, Rows, point};
use crate::loopback::replay::Replay;
use crate::program::ROOT;

#[test]
fn rows_land_in_oid_order_in_pages_of_the_plan() {
    let service = ArcGis::start(layer());
    let pages = Puller::new(&service.url(0)).pages();
    assert!(
        pages
            .iter()
            .all(|page| page["features"].as_array().unwrap().len() == PAGE_ROWS as usize)
    );
    let oids: Vec<i64> = rows(&pages)
        .iter()
        .map(|row| row["attributes"]["OBJECTID"].as_i64().unwrap())
        .collect();
    assert!(oids.is_sorted() && oids.len() == 1_000 && oids[0] == -4);
    assert!(
        service.server.busiest() <= 3,
        "no more requests at once than the plan has"
    );
}

#[test]
fn a_page_shorter_than_asked_for_is_not_the_last() {
    same(|quirks| (quirks.page_cap, quirks.says_cut) = (70, false));
    same(|quirks| quirks.page_cap = 1);
}

#[test]
fn rows_in_another_order_each_time_are_put_in_one() {
    same(|quirks| quirks.unstable = true);
}

#[test]
fn pages_that_are_refused_ignored_or_unordered_are_had_another_way() {
    same(|quirks| quirks.pagination = Pagination::Refused);
    same(|quirks| (quirks.pagination, quirks.advertised) = (Pagination::Refused, Some(true)));
    same(|quirks| quirks.pagination = Pagination::NeedsOrder);
    same(|quirks| (quirks.pagination, quirks.advertised) = (Pagination::Ignored, Some(true)));
}

#[test]
fn a_layer_that_cannot_count_is_pulled() {
    same(|quirks| quirks.count = Extra::Odd);
    same(|quirks| quirks.count = Extra::Refused);
}

#[test]
fn statistics_by_other_names_or_refused_lead_to_windows_or_ids() {
    same(|quirks| (quirks.pagination, quirks.statistics) = (Pagination::Refused, Extra::Odd));
    let requests =
        same(|quirks| (quirks.pagination, quirks.statistics) = (Pagination::Refused, Extra::Refused));
    let listed = requests
        .iter()
        .filter(|request| request.get("objectIds").is_some())
        .count();
    assert_eq!(listed, 0, "ranges, not lists");
}

#[test]
fn without_ids_too_it_is_pulled() {
    let none = |quirks: &mut Quirks| {
        (quirks.pagination, quirks.statistics, quirks.ids) =
            (Pagination::Refused, Extra::Refused, Extra::Odd);
    };
    same(none);
}

#[test]
fn where_clauses_that_are_refused_lead_to_lists_of_ids() {
    let requests = same(|quirks| (quirks.pagination, quirks.where_refused) = (Pagination::Refused, true));
    assert!(requests.iter().any(|request| request.get("objectIds").is_some()));
}

#[test]
fn old_bare_and_terse_servers_are_pulled() {
    same(|quirks| quirks.star_only = true);
    same(|quirks| (quirks.old_style, quirks.max_record_count) = (true, None));
    same(|quirks| (quirks.object_id_field, quirks.details_null) = (false, true));
    let service = ArcGis::start(layer());
    service.quirk(|quirks| quirks.bare = true);
    let bare = rows(&Puller::new(&service.url(0)).pages());
    assert_eq!(bare.len(), 1_000);
}

#[test]
fn page_sizes_are_the_least_of_all_limits() {
    let most = |requests: Vec<Request>| {
        requests
            .iter()
            .filter_map(|request| request.number_of("resultRecordCount"))
            .max()
            .unwrap()
    };
    assert_eq!(
        most(same(|quirks| quirks.max_record_count = Some(100_000))),
        PAGE_ROWS as usize
    );
    assert_eq!(most(same(|quirks| quirks.max_record_count = Some(50))), 50);
}

#[test]
fn roots_groups_tables_and_map_servers() {
    let service = ArcGis::start(layer());
    service.change(|service| {
        service.kind = "MapServer";
        service.groups.push((5, "Everything".to_owned()));
        let rows = (0..30)
            .map(|at| Row {
                geometry: Value::Null,
                ..point(at)
            })
            .collect();
        let name = "Beds".to_owned();
        service.layers.push(Layer {
            id: 2,
            name,
            geometry_type: None,
            ..Layer::of(Rows::listed(rows))
        });
    });
    let from = |layer: Option<&str>| {
        let mut puller = Puller::new(&service.root());
        puller.plan.layer = layer.map(str::to_owned);
        puller.land().map(|landed| rows(&pages(&landed.path)).len())
    };
    assert_eq!(from(Some("0")).unwrap(), 1_000);
    assert_eq!(from(Some("Points")).unwrap(), 1_000);
    assert_eq!(from(Some("Beds")).unwrap(), 30);
    assert!(from(Some("Pumps")).is_err());
    assert!(from(None).is_err(), "two layers, and none named");
    assert!(
        Puller::new(&service.url(5)).land().is_err(),
        "a group has no rows"
    );
}

#[test]
fn recordings_land_or_are_refused() {
    let pull = |name: &str| {
        let replay = Replay::start(Path::new(ROOT).join("tests/data/esri").join(name));
        let puller = Puller::new(&replay.url());
        puller.land().map(|landed| rows(&pages(&landed.path)).len())
    };
    assert_eq!(pull("statistics-renamed").unwrap(), 3);
    assert_eq!(pull("version-10-0").unwrap(), 3);
    // It counts by showing rows; the empty page after the last one tells that these are all.
    assert_eq!(pull("count-ignored").unwrap(), 3);
}

#[test]
fn every_field_is_asked_for_as_one_star() {
    for way in [Pagination::Works, Pagination::Refused] {
        let requests = same(|quirks| (quirks.star_only, quirks.pagination) = (true, way));
        let pages = || requests.iter().filter(|request| request.asks_for_rows());
        assert!(pages().count() > 4 && pages().all(|request| request.get("outFields") == Some("*")));
    }
}

#[test]
fn curves_are_never_asked_for() {
    let requests = same(|_| {});
    let is_asked = |request: &Request| !matches!(request.get("returnTrueCurves"), None | Some("false"));
    assert!(!requests.iter().any(is_asked));
}

/// Neither offsets nor windows may lean on it; and all are asked in `json`, which tells it where servers do.
#[test]
fn a_server_that_never_says_that_there_are_more_is_pulled_whole() {
    for way in [Pagination::Works, Pagination::Refused, Pagination::Ignored] {
        let requests =
            same(|quirks| (quirks.says_cut, quirks.page_cap, quirks.pagination) = (false, 70, way));
        assert!(requests.iter().all(|request| request.get("f") == Some("json")));
    }
}
