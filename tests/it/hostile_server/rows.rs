//! Services whose pages and rows lie.

use serde_json::{Value, json};

use super::Case;
use super::services::{Ask, ROWS, lying, saying};
use crate::loopback::{Reply, Request};

pub(super) fn cases() -> Vec<Case> {
    pages().into_iter().chain(ids()).chain(shapes()).collect()
}

fn features(page: &mut Value) -> &mut Vec<Value> {
    page["features"].as_array_mut().unwrap()
}

fn offset(request: &Request) -> usize {
    request.number_of("resultOffset").unwrap_or(0)
}

/// A lie about a page, whatever way it was asked for.
fn page(name: &str, lie: fn(&Request, &mut Value)) -> Case {
    saying(
        &format!("page: {name}"),
        Ask::Rows,
        move |request, _, mut honest| {
            if honest["features"].is_array() {
                lie(request, &mut honest);
            }
            honest
        },
    )
}

fn pages() -> Vec<Case> {
    let first = || {
        let row = |n: usize| {
            json!({"attributes": {"OBJECTID": n, "ID": format!("P{n:07}"), "NAME": "x"},
            "geometry": {"x": -95, "y": 35}})
        };
        json!({"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326},
            "features": (1..=10).map(row).collect::<Vec<_>>(), "exceededTransferLimit": true})
    };
    vec![
        saying("page: the first again and again", Ask::Rows, move |_, _, _| {
            first()
        }),
        page("the last row is missing", |_, page| drop(features(page).pop())),
        page("the second page lacks a row", |request, page| {
            if offset(request) == 10 {
                features(page).remove(3);
            }
        }),
        page("the second page is empty", |request, page| {
            if offset(request) == 10 {
                features(page).clear();
            }
        }),
        page("a row twice", |_, page| {
            let row = features(page).first().cloned();
            features(page).extend(row);
        }),
        page("a row in place of another", |_, page| {
            let rows = features(page);
            if rows.len() > 1 {
                rows[1] = rows[0].clone();
            }
        }),
        page("all rows twice", |_, page| {
            let rows = features(page).clone();
            features(page).extend(rows);
        }),
        page("one row at a time", |_, page| features(page).truncate(1)),
        page("in reverse", |_, page| features(page).reverse()),
        page("more is always said", |_, page| {
            page["exceededTransferLimit"] = json!(true);
        }),
        page("more is never said", |_, page| {
            page["exceededTransferLimit"] = json!(false);
        }),
        page("more is said in text", |_, page| {
            page["exceededTransferLimit"] = json!("true");
        }),
        page("no rows, but more", |_, page| {
            features(page).clear();
            page["exceededTransferLimit"] = json!(true);
        }),
        saying("page: new rows for ever", Ask::Rows, |request, n, mut honest| {
            if honest["features"].is_array() {
                let at = offset(request).max(ROWS) + n * 100;
                let row = |n: usize| {
                    json!({"attributes": {"OBJECTID": at + n, "ID": format!("N{}", at + n)},
                    "geometry": {"x": -95, "y": 35}})
                };
                features(&mut honest).extend((0..10).map(row));
                honest["exceededTransferLimit"] = json!(true);
            }
            honest
        }),
        saying("page: other rows each time", Ask::Rows, |_, n, mut honest| {
            if honest["features"].is_array() {
                let rows = features(&mut honest);
                if !rows.is_empty() {
                    let at = n % rows.len();
                    rows.remove(at);
                }
            }
            honest
        }),
        page("another reference on the second", |request, page| {
            if offset(request) == 10 {
                page["spatialReference"] = json!({"wkid": 3857});
            }
        }),
        page("another kind of geometry on the second", |request, page| {
            if offset(request) == 10 {
                page["geometryType"] = json!("esriGeometryPolyline");
            }
        }),
        page("a reference that is text", |_, page| {
            page["spatialReference"] = json!("EPSG:4326");
        }),
        page("a reference of no number", |_, page| {
            page["spatialReference"] = json!({"wkid": "x"});
        }),
        page("rows that are null", |_, page| page["features"] = Value::Null),
        page("rows that are an object", |_, page| {
            page["features"] = json!({"a": 1});
        }),
        page("rows that are text", |_, page| page["features"] = json!("none")),
        page("no rows at all", |_, page| {
            drop(page.as_object_mut().unwrap().remove("features"));
        }),
        page("an error beside rows", |_, page| {
            page["error"] = json!({"code": 500});
        }),
    ]
}

fn ids() -> Vec<Case> {
    let as_value = |name: &str, make: fn(i64) -> Value| {
        saying(&format!("id: {name}"), Ask::Rows, move |_, _, mut honest| {
            if honest["features"].is_array() {
                for row in features(&mut honest) {
                    row["attributes"]["OBJECTID"] = make(row["attributes"]["OBJECTID"].as_i64().unwrap());
                }
            }
            honest
        })
    };
    vec![
        as_value("text", |id| json!(id.to_string())),
        as_value("with a point", |id| json!(id as f64)),
        as_value("a fraction", |id| json!(id as f64 + 0.5)),
        as_value("below zero", |id| json!(-id)),
        as_value("null", |_| Value::Null),
        as_value("all the same", |_| json!(7)),
        as_value("beyond numbers", |_| json!(1e300)),
        as_value("a truth", |_| json!(true)),
        as_value("a list", |id| json!([id])),
        as_value("half of them", |id| json!(id / 2)),
        as_value("far away", |id| json!(id + (1 << 53))),
        as_value("words", |id| json!(format!("row {id}"))),
    ]
}

fn shapes() -> Vec<Case> {
    let row = |name: &str, lie: fn(&mut Value)| {
        saying(&format!("row: {name}"), Ask::Rows, move |_, _, mut honest| {
            if honest["features"].is_array()
                && let Some(row) = features(&mut honest)
                    .iter_mut()
                    .find(|row| row["attributes"]["OBJECTID"] == 3)
            {
                lie(row);
            }
            honest
        })
    };
    let text = |name: &str, from: &'static str, to: String| {
        lying(&format!("row: {name}"), Ask::Rows, move |_, _, honest| {
            Reply::bytes("application/json", honest.to_string().replacen(from, &to, 1))
        })
    };
    vec![
        row("null", |row| *row = Value::Null),
        row("a number", |row| *row = json!(5)),
        row("a list", |row| *row = json!([1, 2])),
        row("attributes in a list", |row| row["attributes"] = json!([1])),
        row("attributes that are text", |row| row["attributes"] = json!("x")),
        row("no attributes", |row| {
            drop(row.as_object_mut().unwrap().remove("attributes"));
        }),
        row("a geometry that is text", |row| {
            row["geometry"] = json!("POINT (1 2)");
        }),
        row("a geometry that is a list", |row| {
            row["geometry"] = json!([-95, 35]);
        }),
        row("coordinates that are text", |row| {
            row["geometry"] = json!({"x": "a", "y": "b"});
        }),
        row("no coordinates", |row| {
            row["geometry"] = json!({"x": null, "y": null});
        }),
        row("rings in place of a point", |row| {
            row["geometry"] = json!({"rings": [[[0, 0], [1, 1]]]});
        }),
        row("a key that is null", |row| row["attributes"]["ID"] = Value::Null),
        text(
            "beyond numbers",
            "\"geometry\":{\"x\":",
            "\"geometry\":{\"z\":1e999,\"x\":".to_owned(),
        ),
        text(
            "not a number",
            "\"geometry\":{\"x\":",
            "\"geometry\":{\"z\":NaN,\"x\":".to_owned(),
        ),
        text(
            "a number of a megabyte",
            "\"BEDS\":",
            format!("\"A\":{},\"BEDS\":", "9".repeat(1 << 20)),
        ),
        text(
            "a text of a megabyte",
            "\"BEDS\":",
            format!("\"A\":\"{}\",\"BEDS\":", "9".repeat(1 << 20)),
        ),
        text(
            "as deep as it goes",
            "\"geometry\":{",
            format!("\"geometry\":{{\"a\":{}", "[".repeat(200_000)),
        ),
        text(
            "deep, and closed",
            "\"geometry\":{",
            format!(
                "\"geometry\":{{\"a\":{}{},",
                "[".repeat(50_000),
                "]".repeat(50_000)
            ),
        ),
        text(
            "features twice",
            "\"features\":[",
            "\"features\":[],\"features\":[".to_owned(),
        ),
        text("a control character", "Point 1", "Point \u{1}1".to_owned()),
    ]
}
