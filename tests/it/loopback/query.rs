//! `<layer>/query` of the ArcGIS service on loopback: counts, ids, statistics and pages of rows, right or wrong as the
//! layer's switches say.

use serde_json::{Map, Value, json};

use super::arcgis::{Extra, Layer, Pagination, Row, error};
use super::condition::Condition;
use super::{Reply, Request};

/// Answers a query.
pub(super) fn answer(layer: &Layer, request: &Request) -> Reply {
    let quirks = &layer.quirks;
    let clause = request.get("where").unwrap_or("1=1");
    let refused = quirks.where_refused && clause.replace(' ', "") != "1=1";
    let Some(condition) = Condition::parse(clause).filter(|_| !refused) else {
        return invalid(layer, "Cannot perform query. Invalid query parameters.");
    };
    if quirks.star_only && request.get("outFields").is_some_and(|fields| fields != "*") {
        return invalid(layer, "'Invalid field' parameter is invalid");
    }
    if let Some(wanted) = request.get("outSR").filter(|wanted| !is_reference(layer, wanted)) {
        return invalid(layer, &format!("outSR {wanted} is not served"));
    }
    let rows = select(layer, request, &condition);
    if request.is("returnCountOnly") && quirks.count != Extra::Odd {
        return extra(layer, quirks.count, &json!({"count": rows.len()}));
    }
    if request.is("returnIdsOnly") {
        return ids(layer, &rows);
    }
    if request.get("outStatistics").is_some() {
        return statistics(layer, request, &rows);
    }
    page(layer, request, rows)
}

fn invalid(layer: &Layer, message: &str) -> Reply {
    let details = if layer.quirks.details_null {
        Value::Null
    } else {
        json!([message])
    };
    error(400, message, &details)
}

fn extra(layer: &Layer, how: Extra, good: &Value) -> Reply {
    match how {
        Extra::Refused => invalid(layer, "Failed to execute query."),
        _ => Reply::json(good),
    }
}

fn is_reference(layer: &Layer, wanted: &str) -> bool {
    let wkid = serde_json::from_str::<Value>(wanted).ok();
    let wkid = wkid.map(|wanted| {
        if wanted.is_object() {
            wanted["wkid"].clone()
        } else {
            wanted
        }
    });
    wkid.is_some_and(|wkid| wkid == layer.reference["wkid"] || wkid == layer.reference["latestWkid"])
}

/// Positions of the rows asked for by where-clause, ids and envelope, in the order asked for.
fn select(layer: &Layer, request: &Request, condition: &Condition) -> Vec<usize> {
    let oids = &layer.rows.oids;
    let mut rows = layer.matching(condition);
    if let Some(listed) = request.get("objectIds") {
        let listed: Vec<i64> = listed
            .split(',')
            .filter_map(|oid| oid.trim().parse().ok())
            .collect();
        rows.retain(|row| listed.contains(&oids[*row]));
    }
    if let Some(envelope) = request.get("geometry").and_then(envelope) {
        rows.retain(|row| touches(&(layer.rows.make)(*row), envelope));
    }
    if request.get("orderByFields").is_some() {
        rows.sort_by_key(|row| oids[*row]);
    } else if layer.quirks.unstable && !rows.is_empty() {
        let turn = request.number * 7 % rows.len();
        rows.rotate_left(turn);
    }
    rows
}

fn envelope(text: &str) -> Option<[f64; 4]> {
    let value: Value = serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&format!("[{text}]")))
        .ok()?;
    let side = |at: usize, name: &str| value.get(at).or_else(|| value.get(name))?.as_f64();
    Some([
        side(0, "xmin")?,
        side(1, "ymin")?,
        side(2, "xmax")?,
        side(3, "ymax")?,
    ])
}

/// Whether the box of a row's geometry and the envelope meet; a row without geometry meets none.
fn touches(row: &Row, [west, south, east, north]: [f64; 4]) -> bool {
    let mut points = Vec::new();
    points_of(&row.geometry, &mut points);
    let side = |axis: usize, pick: fn(f64, f64) -> f64| points.iter().map(|point| point[axis]).reduce(pick);
    match (
        side(0, f64::min),
        side(1, f64::min),
        side(0, f64::max),
        side(1, f64::max),
    ) {
        (Some(x0), Some(y0), Some(x1), Some(y1)) => x0 <= east && x1 >= west && y0 <= north && y1 >= south,
        _ => false,
    }
}

fn points_of(geometry: &Value, points: &mut Vec<[f64; 2]>) {
    if let (Some(x), Some(y)) = (geometry["x"].as_f64(), geometry["y"].as_f64()) {
        points.push([x, y]);
    } else if let (Some(x), Some(y)) = (geometry[0].as_f64(), geometry[1].as_f64()) {
        points.push([x, y]);
    } else if let Some(parts) = geometry.as_array() {
        for part in parts {
            points_of(part, points);
        }
    } else if let Some(members) = geometry.as_object() {
        let parts = members.iter().filter(|(name, _)| *name != "spatialReference");
        parts.for_each(|(_, part)| points_of(part, points));
    }
}

fn ids(layer: &Layer, rows: &[usize]) -> Reply {
    let ids: Vec<i64> = rows.iter().map(|row| layer.rows.oids[*row]).collect();
    let ids = if layer.quirks.ids == Extra::Odd {
        Value::Null
    } else {
        json!(ids)
    };
    extra(
        layer,
        layer.quirks.ids,
        &json!({"objectIdFieldName": layer.oid, "objectIds": ids}),
    )
}

/// Minimum, maximum and count of the OID by the names asked for, or by those that a database made of them.
fn statistics(layer: &Layer, request: &Request, rows: &[usize]) -> Reply {
    let Ok(Value::Array(asked)) = serde_json::from_str(request.get("outStatistics").unwrap_or_default())
    else {
        return invalid(layer, "'outStatistics' parameter is invalid");
    };
    let oids = || rows.iter().map(|row| layer.rows.oids[*row]);
    let mut attributes = Map::new();
    for statistic in &asked {
        let kind = statistic["statisticType"]
            .as_str()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let value = match kind.as_str() {
            "min" => json!(oids().min()),
            "max" => json!(oids().max()),
            "count" => json!(rows.len()),
            _ => return invalid(layer, "'outStatistics' parameter is invalid"),
        };
        let name = match layer.quirks.statistics {
            Extra::Odd => format!("{}(SHAPE.{})", kind.to_uppercase(), layer.oid),
            _ => statistic["outStatisticFieldName"]
                .as_str()
                .unwrap_or(&kind)
                .to_owned(),
        };
        attributes.insert(name, value);
    }
    extra(
        layer,
        layer.quirks.statistics,
        &json!({"fields": [], "features": [{"attributes": attributes}]}),
    )
}

fn page(layer: &Layer, request: &Request, rows: Vec<usize>) -> Reply {
    let quirks = &layer.quirks;
    let asked = request.number_of("resultRecordCount");
    let offset = request.number_of("resultOffset").unwrap_or(0);
    let pages = request.get("resultOffset").is_some() || asked.is_some();
    match quirks.pagination {
        Pagination::Refused if pages => return invalid(layer, "Pagination is not supported."),
        Pagination::NeedsOrder if pages && request.get("orderByFields").is_none() => {
            return invalid(
                layer,
                "Pagination request requires either orderBy field or layer with OID field",
            );
        }
        _ => {}
    }
    let offset = if quirks.pagination == Pagination::Ignored {
        0
    } else {
        offset
    };
    let most = quirks.page_cap.min(asked.unwrap_or(usize::MAX));
    let total = rows.len();
    let page: Vec<usize> = rows.into_iter().skip(offset).take(most).collect();
    let heavy_row = quirks
        .heavy_row
        .is_some_and(|oid| page.iter().any(|row| layer.rows.oids[*row] == oid));
    let coarse: f64 = request
        .get("maxAllowableOffset")
        .map_or(0.0, |offset| offset.parse().unwrap());
    let heavy_row = heavy_row && page.len() > 1
        || quirks.heavy_shape.is_some_and(|(oid, least)| {
            coarse < least && page.iter().any(|row| layer.rows.oids[*row] == oid)
        });
    if quirks.heavy_above.is_some_and(|rows| page.len() > rows) || heavy_row {
        return error(500, "Error performing query operation", &json!([]));
    }
    let cut = quirks.says_cut && offset + page.len() < total;
    let shaped = request.get("returnGeometry") != Some("false");
    Reply::bytes("application/json; charset=utf-8", body(layer, &page, cut, shaped))
}

/// The page as text: written by hand, since the order of members matters for `bare`.
fn body(layer: &Layer, page: &[usize], cut: bool, shaped: bool) -> String {
    let feature = |row: &usize| {
        let mut feature = layer.feature((layer.rows.make)(*row));
        if !shaped {
            feature
                .as_object_mut()
                .and_then(|members| members.remove("geometry"));
        }
        feature.to_string()
    };
    let features = page.iter().map(feature).collect::<Vec<_>>().join(",");
    let cut = if cut {
        ",\"exceededTransferLimit\":true"
    } else {
        ""
    };
    let kind = json!(layer.geometry_type);
    if layer.quirks.bare {
        return format!("{{\"features\":[{features}],\"geometryType\":{kind}{cut}}}");
    }
    let (oid, fields) = (json!(layer.oid), Value::from(layer.fields.clone()));
    let reference = &layer.reference;
    format!(
        "{{\"objectIdFieldName\":{oid},\"geometryType\":{kind},\"spatialReference\":{reference},\"fields\":{fields}{cut},\"features\":[{features}]}}"
    )
}
