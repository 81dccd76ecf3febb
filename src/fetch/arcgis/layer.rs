//! The questions a layer is asked: its info, how many rows, which ids, which rows.

use serde::Deserialize;

use super::answer::{PATIENT, ask, parsed};
use super::error::ArcgisError;
use super::info::LayerInfo;
use super::page;
use super::service::layer_url;
use super::span::Span;
use super::wire::{Came, Wire};

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
        let info_body = ask(wire, &url, &[("f", "json".to_owned())], PATIENT)?.body;
        let shown = wire.shown(&url);
        let info = LayerInfo::read(&shown, &info_body)?;
        if wire.is_repeated(&String::from_utf8_lossy(&info_body)) {
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
        let body = ask(self.wire, &self.url, &[("f", "json".to_owned())], PATIENT)?.body;
        Ok(LayerInfo::read(&self.shown, &body)?.last_edit)
    }

    /// Number of rows; none where the server can't count.
    pub(super) fn count(&self) -> Result<Option<u64>, ArcgisError> {
        #[derive(Deserialize)]
        struct Counted {
            #[serde(default)]
            count: Option<u64>,
        }
        match self.scalar("returnCountOnly", "true".to_owned()) {
            Err(error) if error.is_refusal() => Ok(None),
            body => Ok(parsed::<Counted>(&self.shown, &body?)?.count),
        }
    }

    /// Every object id, ascending and distinct; none where the server doesn't list them.
    pub(super) fn ids(&self) -> Result<Option<Vec<i64>>, ArcgisError> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(rename = "objectIds", default)]
            ids: Option<Vec<serde_json::Value>>,
        }
        let body = self.scalar("returnIdsOnly", "true".to_owned())?;
        let Some(ids) = parsed::<Listed>(&self.shown, &body)?.ids else {
            return Ok(None);
        };
        let mut ids: Option<Vec<i64>> = ids.iter().map(page::integer).collect();
        if let Some(ids) = &mut ids {
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
        let statistic = |kind: &str, name: &str| {
            serde_json::json!({
                "statisticType": kind, "onStatisticField": oid, "outStatisticFieldName": name
            })
        };
        let both = serde_json::json!([statistic("min", "THE_MIN"), statistic("max", "THE_MAX")]);
        let body = self.scalar("outStatistics", both.to_string())?;
        let rows = parsed::<Answer>(&self.shown, &body)?.features;
        let [row] = rows.as_slice() else { return Ok(None) };
        let ids: Option<Vec<i64>> = row.attributes.values().map(page::integer).collect();
        Ok(match ids.as_deref() {
            Some([a, b]) => Some((*a.min(b), *a.max(b))),
            _ => None,
        })
    }

    /// Refuses what a page says beside its rows where it repeats what was asked with.
    pub(super) fn refuse_repeats(&self, said: &str) -> Result<(), ArcgisError> {
        if self.wire.is_repeated(said) {
            return Err(ArcgisError::Repeats {
                url: self.shown.clone(),
            });
        }
        Ok(())
    }

    /// The page of a span, asked for up to `tries` times; with `coarse`, its vertices may be off by so much, in units
    /// of the layer's reference.
    pub(super) fn page(&self, span: &Span, tries: u32, coarse: Option<f64>) -> Result<Came, ArcgisError> {
        let oid = self.info.oid.as_deref();
        let condition = oid.and_then(|oid| span.condition(oid));
        let mut form = vec![
            ("where", both(&self.filter, condition.as_deref())),
            ("outFields", "*".to_owned()),
            ("returnGeometry", self.info.has_geometry.to_string()),
            ("returnZ", "false".to_owned()),
            ("returnM", "false".to_owned()),
        ];
        let reference = self.info.spatial_reference.as_deref();
        form.extend(reference.map(|reference| ("outSR", reference.to_owned())));
        form.extend(coarse.map(|offset| ("maxAllowableOffset", offset.to_string())));
        match span {
            Span::Offset { from, rows } => {
                form.push(("resultOffset", from.to_string()));
                form.push(("resultRecordCount", rows.to_string()));
                form.extend(oid.map(|oid| ("orderByFields", oid.to_owned())));
            }
            Span::List { ids } => {
                form.push((
                    "objectIds",
                    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
                ));
            }
            Span::Box { sides, .. } => form.extend(envelope(*sides, self.info.extent_reference.as_deref())),
            Span::Window { .. } | Span::Range { .. } => {}
        }
        self.query(form, self.pages, tries)
    }

    fn scalar(&self, what: &'static str, how: String) -> Result<Vec<u8>, ArcgisError> {
        Ok(self
            .query(vec![("where", self.filter.clone()), (what, how)], "json", PATIENT)?
            .body)
    }

    fn query(&self, mut form: Form, format: &str, tries: u32) -> Result<Came, ArcgisError> {
        form.push(("f", format.to_owned()));
        ask(self.wire, &format!("{}/query", self.url), &form, tries)
    }
}

fn envelope([xmin, ymin, xmax, ymax]: [f64; 4], reference: Option<&str>) -> Form {
    let mut form = vec![
        ("geometry", format!("{xmin},{ymin},{xmax},{ymax}")),
        ("geometryType", "esriGeometryEnvelope".to_owned()),
        ("spatialRel", "esriSpatialRelIntersects".to_owned()),
    ];
    form.extend(reference.map(|reference| ("inSR", reference.to_owned())));
    form
}

fn both(filter: &str, condition: Option<&str>) -> String {
    match condition {
        None => filter.to_owned(),
        Some(condition) if filter == "1=1" => condition.to_owned(),
        Some(condition) => format!("({filter}) AND ({condition})"),
    }
}
