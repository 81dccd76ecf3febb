//! The questions a layer is asked: its info, how many rows, which ids, which rows.

use serde::Deserialize;

use super::answer::{PATIENT, ask_service, parse_json};
use super::error::ArcgisError;
use super::info::LayerInfo;
use super::page;
use super::service::layer_url;
use super::span::Span;
use super::wire::{Response, Wire};

type Form = Vec<(&'static str, String)>;

/// A layer that has told about itself.
pub(super) struct Layer<'a> {
    wire: &'a dyn Wire,
    url: String,
    /// Its URL as messages may show it.
    pub(super) shown: String,
    /// What it says about itself.
    pub(super) info: LayerInfo,
    /// The same as it came.
    pub(super) info_body: Vec<u8>,
    filter: String,
    /// Format that pages are asked for in.
    pages: &'static str,
}

impl<'a> Layer<'a> {
    /// Finds the layer and asks for its info.
    pub(super) fn open(
        wire: &'a dyn Wire,
        url: &str,
        layer: Option<&str>,
        filter: &str,
    ) -> Result<Self, ArcgisError> {
        let url = layer_url(wire, url, layer)?;
        let info_body = ask_service(wire, &url, &[("f", "json".to_owned())], PATIENT)?.body;
        let shown = wire.without_secrets(&url);
        let info = LayerInfo::from_json(&shown, &info_body)?;
        if wire.repeats_secret(&String::from_utf8_lossy(&info_body)) {
            return Err(ArcgisError::Repeats { url: shown });
        }
        Ok(Self {
            wire,
            url,
            shown,
            info,
            info_body,
            filter: filter.to_owned(),
            pages: "json",
        })
    }

    /// Has pages come as protocol buffers, where the layer offers them.
    pub(super) fn prefer_pbf(&mut self) {
        if self.info.has_pbf {
            self.pages = "pbf";
        } else {
            tracing::info!(
                url = self.shown,
                "the layer offers no protocol buffers: pages come as JSON"
            );
        }
    }

    /// When the layer says that it was last edited, asked anew.
    pub(super) fn last_edit(&self) -> Result<Option<i64>, ArcgisError> {
        let body = ask_service(self.wire, &self.url, &[("f", "json".to_owned())], PATIENT)?.body;
        Ok(LayerInfo::from_json(&self.shown, &body)?.last_edit)
    }

    /// Number of rows; none where the server can't count.
    pub(super) fn count_rows(&self) -> Result<Option<u64>, ArcgisError> {
        #[derive(Deserialize)]
        struct Counted {
            #[serde(default)]
            count: Option<u64>,
        }
        // A server that does not know the question either refuses it or answers with a page of rows that has no
        // `count` (recorded of Cook County's): both mean that nobody counts.
        match self.query_json("returnCountOnly", "true".to_owned()) {
            Err(error) if error.is_refusal() => Ok(None),
            body => Ok(parse_json::<Counted>(&self.shown, &body?)?.count),
        }
    }

    /// Every object id, ascending and distinct; none where the server doesn't list them.
    pub(super) fn list_object_ids(&self) -> Result<Option<Vec<i64>>, ArcgisError> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(rename = "objectIds", default)]
            ids: Option<Vec<serde_json::Value>>,
        }
        let body = self.query_json("returnIdsOnly", "true".to_owned())?;
        let Some(ids) = parse_json::<Listed>(&self.shown, &body)?.ids else {
            return Ok(None);
        };
        let mut ids: Option<Vec<i64>> = ids.iter().map(page::parse_object_id).collect();
        if let Some(ids) = &mut ids {
            // Spans are cut out of the list by position, and rows are held against it, so it has to be a sorted set.
            ids.sort_unstable();
            ids.dedup();
        }
        Ok(ids)
    }

    /// Least and greatest object id by statistics, read by value: servers rename the columns.
    pub(super) fn id_bounds(&self, oid: &str) -> Result<Option<(i64, i64)>, ArcgisError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            features: Vec<Row>,
        }
        #[derive(Deserialize)]
        struct Row {
            #[serde(default)]
            attributes: serde_json::Map<String, serde_json::Value>,
        }
        let both = serde_json::json!([
            {"statisticType": "min", "onStatisticField": oid, "outStatisticFieldName": "THE_MIN"},
            {"statisticType": "max", "onStatisticField": oid, "outStatisticFieldName": "THE_MAX"},
        ]);
        let body = self.query_json("outStatistics", both.to_string())?;
        let rows = parse_json::<Answer>(&self.shown, &body)?.features;
        let [row] = rows.as_slice() else { return Ok(None) };
        let ids: Option<Vec<i64>> = row.attributes.values().map(page::parse_object_id).collect();
        Ok(match ids.as_deref() {
            Some([a, b]) => Some((*a.min(b), *a.max(b))),
            _ => None,
        })
    }

    /// Refuses what a page says beside its rows where it repeats what was asked with.
    pub(super) fn refuse_repeats(&self, said: &str) -> Result<(), ArcgisError> {
        if self.wire.repeats_secret(said) {
            return Err(ArcgisError::Repeats {
                url: self.shown.clone(),
            });
        }
        Ok(())
    }

    /// The page of a span, asked for up to `tries` times; with `coarse`, its vertices may be off by so much, in units
    /// of the layer's reference.
    pub(super) fn fetch_page(
        &self,
        span: &Span,
        tries: u32,
        coarse: Option<f64>,
    ) -> Result<Response, ArcgisError> {
        let oid = self.info.oid.as_deref();
        let condition = oid.and_then(|oid| span.where_condition(oid));
        let mut form = vec![
            ("where", join_conditions(&self.filter, condition.as_deref())),
            // Not the columns that the schema reads: a list of names breaks paging on some servers (pyesridump issue
            // 50).
            ("outFields", "*".to_owned()),
            ("returnGeometry", self.info.has_geometry.to_string()),
            ("returnZ", "false".to_owned()),
            ("returnM", "false".to_owned()),
        ];
        let reference = self.info.spatial_reference.as_deref();
        // Coordinates stay in the layer's own reference: a server that transforms them does so by a way it doesn't
        // tell.
        form.extend(reference.map(|reference| ("outSR", reference.to_owned())));
        form.extend(coarse.map(|offset| ("maxAllowableOffset", offset.to_string())));
        match span {
            Span::Offset { from, rows } => {
                form.push(("resultOffset", from.to_string()));
                form.push(("resultRecordCount", rows.to_string()));
                // Without an order the database may plan each page anew, and rows come twice or never (Oracle at
                // 10.9.1, arcgis-python-api issue 1895).
                form.extend(oid.map(|oid| ("orderByFields", oid.to_owned())));
            }
            Span::List { ids } => {
                form.push((
                    "objectIds",
                    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
                ));
            }
            Span::Box { sides, .. } => {
                form.extend(envelope_form(*sides, self.info.extent_reference.as_deref()));
            }
            Span::Window { .. } | Span::Range { .. } => {}
        }
        self.send_query(form, self.pages, tries)
    }

    fn query_json(&self, what: &'static str, how: String) -> Result<Vec<u8>, ArcgisError> {
        Ok(self
            .send_query(vec![("where", self.filter.clone()), (what, how)], "json", PATIENT)?
            .body)
    }

    fn send_query(&self, mut form: Form, format: &str, tries: u32) -> Result<Response, ArcgisError> {
        form.push(("f", format.to_owned()));
        ask_service(self.wire, &format!("{}/query", self.url), &form, tries)
    }
}

/// A box, as a question has it: the rows that touch it.
fn envelope_form([xmin, ymin, xmax, ymax]: [f64; 4], reference: Option<&str>) -> Form {
    let mut form = vec![
        ("geometry", format!("{xmin},{ymin},{xmax},{ymax}")),
        ("geometryType", "esriGeometryEnvelope".to_owned()),
        ("spatialRel", "esriSpatialRelIntersects".to_owned()),
    ];
    form.extend(reference.map(|reference| ("inSR", reference.to_owned())));
    form
}

/// The filter of the plan, and what a span adds to it.
fn join_conditions(filter: &str, condition: Option<&str>) -> String {
    match condition {
        None => filter.to_owned(),
        Some(condition) if filter == "1=1" => condition.to_owned(),
        Some(condition) => format!("({filter}) AND ({condition})"),
    }
}
