//! An ArcGIS layer with every vice, asked without a network; and a store of pages in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::feature::{Progress, Task};
use crate::fetch::arcgis::{BoxError, PageFacts, PageStore, RequestTotals, Response, Wire, WireError};

/// A layer of rows at `(id, id)`, and what is wrong with its server.
pub(super) struct Server {
    pub(super) ids: Mutex<Vec<i64>>,
    pub(super) cap: usize,
    pub(super) info: Value,
    /// The answer to a question instead of the true one.
    pub(super) vice: Box<Vice>,
    pub(super) log: Mutex<Vec<String>>,
    pub(super) renewals: AtomicU64,
}

/// What a server answers instead of the truth.
type Vice = dyn Fn(&Asked<'_>) -> Option<Answer> + Sync;

/// A question to `/query`.
pub(super) struct Asked<'a> {
    pub(super) form: BTreeMap<&'a str, &'a str>,
    /// Its number, from 1.
    pub(super) number: usize,
    pub(super) server: &'a Server,
}

pub(super) enum Answer {
    Body(String),
    Status(u16),
}

impl Server {
    pub(super) fn new(ids: impl IntoIterator<Item = i64>) -> Self {
        let info = json!({
            "type": "Feature Layer", "name": "dams", "geometryType": "esriGeometryPoint", "objectIdField": "OBJECTID",
            "maxRecordCount": 10, "supportsPagination": true,
            "extent": {"xmin": 0, "ymin": 0, "xmax": 1000, "ymax": 1000, "spatialReference": {"wkid": 4269}},
            "editingInfo": {"lastEditDate": 1}
        });
        Self {
            ids: Mutex::new(ids.into_iter().collect()),
            cap: 10,
            info,
            vice: Box::new(|_| None),
            log: Mutex::default(),
            renewals: AtomicU64::new(0),
        }
    }

    pub(super) fn with(mut self, vice: impl Fn(&Asked<'_>) -> Option<Answer> + Sync + 'static) -> Self {
        self.vice = Box::new(vice);
        self
    }

    pub(super) fn says(mut self, name: &str, value: Value) -> Self {
        self.info[name] = value;
        self
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(super) fn page(&self, ids: &[i64]) -> String {
        let oid = self.info["objectIdField"].as_str();
        let row = |id: &i64| {
            let attributes = match oid {
                Some(oid) => json!({oid: id, "NAME": format!("n{id}")}),
                None => json!({"NAME": format!("n{id}")}),
            };
            json!({"attributes": attributes, "geometry": {"x": id, "y": id}})
        };
        let cut = &ids[..ids.len().min(self.cap)];
        let mut page =
            json!({"geometryType": "esriGeometryPoint", "features": cut.iter().map(row).collect::<Vec<_>>()});
        if cut.len() < ids.len() {
            page["exceededTransferLimit"] = json!(true);
        }
        page.to_string()
    }

    fn note(&self, form: &BTreeMap<&str, &str>) -> usize {
        let mut log = self.log.lock().unwrap();
        log.push(
            form.iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join("&"),
        );
        log.len()
    }

    pub(super) fn answer(&self, asked: &Asked<'_>) -> String {
        let mut ids = self.ids.lock().unwrap().clone();
        let form = &asked.form;
        for term in form["where"].split(" AND ") {
            only(term.trim_matches(['(', ')']), &mut ids);
        }
        if let Some(list) = form.get("objectIds") {
            let list: Vec<i64> = list.split(',').map(|id| id.parse().unwrap()).collect();
            ids.retain(|id| list.contains(id));
        }
        if let Some(sides) = form.get("geometry") {
            let sides: Vec<f64> = sides.split(',').map(|side| side.parse().unwrap()).collect();
            ids.retain(|id| sides[0].max(sides[1]) <= *id as f64 && *id as f64 <= sides[2].min(sides[3]));
        }
        if form.contains_key("returnCountOnly") {
            return json!({"count": ids.len()}).to_string();
        }
        if form.contains_key("returnIdsOnly") {
            return json!({"objectIdFieldName": "OBJECTID", "objectIds": ids}).to_string();
        }
        if form.contains_key("outStatistics") {
            let row = json!({"MIN(OBJECTID) AS THE_MIN": ids.iter().min(), "the_max": ids.iter().max()});
            return json!({"features": [{"attributes": row}]}).to_string();
        }
        if form.contains_key("orderByFields") {
            ids.sort_unstable();
        }
        let number = |name: &str, or: usize| form.get(name).map_or(or, |text| text.parse().unwrap());
        let from = number("resultOffset", 0).min(ids.len());
        let want = number("resultRecordCount", usize::MAX).min(ids.len() - from);
        self.page(&ids[from..from + want])
    }
}

fn only(term: &str, ids: &mut Vec<i64>) {
    if term == "1=1" {
        return;
    }
    let words: Vec<&str> = term.split(' ').collect();
    let value: i64 = words[2].parse().unwrap();
    match words[1] {
        ">=" => ids.retain(|id| *id >= value),
        "<=" => ids.retain(|id| *id <= value),
        "=" => ids.retain(|id| *id == value),
        other => panic!("{other}"),
    }
}

impl Wire for Server {
    fn ask(&self, url: &str, form: &[(&str, String)]) -> Result<Response, WireError> {
        if !url.ends_with("/query") {
            return Ok(came(self.info.to_string()));
        }
        let form: BTreeMap<&str, &str> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert!(!form.contains_key("returnTrueCurves"));
        let mut tried = 0;
        loop {
            tried += 1;
            let asked = Asked {
                form: form.clone(),
                number: self.note(&form),
                server: self,
            };
            match (self.vice)(&asked) {
                None => return Ok(came(self.answer(&asked))),
                Some(Answer::Body(body)) => return Ok(came(body)),
                // As the client does.
                Some(Answer::Status(503)) if tried < 4 => {}
                Some(Answer::Status(status)) => {
                    let (is_passing, source) = (status >= 500, format!("status {status}").into());
                    return Err(WireError {
                        status: Some(status),
                        is_passing,
                        source,
                    });
                }
            }
        }
    }

    fn renew_token(&self, _: Option<u32>) -> bool {
        self.renewals.fetch_add(1, Ordering::Relaxed) == 0
    }

    fn without_secrets(&self, url: &str) -> String {
        url.replace("secret", "${NAME}")
    }

    fn request_totals(&self) -> RequestTotals {
        RequestTotals {
            requests: self.log.lock().unwrap().len() as u64,
            status: 203,
            ..RequestTotals::default()
        }
    }
}

fn came(body: String) -> Response {
    Response {
        body: body.into_bytes(),
        status: 203,
        token: None,
    }
}

/// Pages in memory.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) pages: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Pages after which the store breaks, as if the program were killed.
    pub(super) until: Option<usize>,
}

impl PageStore for Memory {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BoxError> {
        Ok(self.pages.lock().unwrap().get(name).cloned())
    }

    fn put(&self, name: &str, page: &[u8], _: PageFacts) -> Result<(), BoxError> {
        let mut pages = self.pages.lock().unwrap();
        if self.until.is_some_and(|until| pages.len() >= until) {
            return Err("killed".into());
        }
        pages.insert(name.to_owned(), page.to_vec());
        Ok(())
    }

    fn forget(&self, name: &str) -> Result<(), BoxError> {
        self.pages.lock().unwrap().remove(name);
        Ok(())
    }
}

/// Progress that nobody looks at.
pub(super) struct Unseen;

impl Progress for Unseen {
    fn start(&self, _: &'static str, _: &str, _: Option<u64>) -> Box<dyn Task> {
        Box::new(Self)
    }
}

impl Task for Unseen {
    fn advance(&self, _: u64) {}
}
