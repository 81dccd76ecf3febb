//! An ArcGIS service on loopback over rows in memory, or made on the fly, with a switch for each way in which real
//! ones fail.
//!
//! ```ignore
//! let service = ArcGis::start(Layer::points(3_000));
//! service.change(|service| service.layers[0].quirks.pagination = Pagination::Ignored);
//! // source.arcgis = { url = service.url(0) }
//! service.server.requests().iter().filter(|request| request.asks_for_rows());
//! ```
//!
//! Faults that follow the request's number or content go into `Service::fault`; they come before every answer.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::{Reply, Request, Server, layer_info, query};

/// A request's own answer instead of the service's.
pub(crate) type Fault = dyn Fn(&Request) -> Option<Reply> + Send + Sync;

/// A running service, by default `City/FeatureServer` with layer 0.
pub(crate) struct ArcGis {
    pub(crate) server: Server,
    service: Arc<RwLock<Service>>,
}

/// What the server offers.
pub(crate) struct Service {
    /// `FeatureServer` or `MapServer`.
    pub(crate) kind: &'static str,
    pub(crate) layers: Vec<Layer>,
    /// Numbers and names of group layers.
    pub(crate) groups: Vec<(usize, String)>,
    /// Asked first; what it returns is the answer.
    pub(crate) fault: Option<Box<Fault>>,
    /// Users `ada`/`lovelace` of `…/tokens/generateToken` get a token that is good for this many requests.
    pub(crate) token_lasts: Option<usize>,
    tokens: AtomicUsize,
    token_used: AtomicUsize,
    infos: AtomicUsize,
}

/// A layer or, without a geometry type, a table.
pub(crate) struct Layer {
    pub(crate) id: usize,
    pub(crate) name: String,
    /// Name of the OID field; the fields include it.
    pub(crate) oid: String,
    pub(crate) fields: Vec<Value>,
    pub(crate) geometry_type: Option<&'static str>,
    /// Spatial reference of the coordinates as given; no other is answered in.
    pub(crate) reference: Value,
    /// `editingInfo.lastEditDate`, if the server has it.
    pub(crate) edited: Option<i64>,
    pub(crate) rows: Rows,
    pub(crate) quirks: Quirks,
}

/// Rows in the order in which they are stored.
pub(crate) struct Rows {
    pub(super) oids: Vec<i64>,
    pub(super) make: Box<dyn Fn(usize) -> Row + Send + Sync>,
}

/// A row; its OID is not among the attributes.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) oid: i64,
    pub(crate) attributes: Map<String, Value>,
    /// Esri geometry, or null.
    pub(crate) geometry: Value,
}

/// How `resultOffset` is served.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pagination {
    Works,
    /// 400 `Pagination is not supported.` in a 200.
    Refused,
    /// Every offset gets the first page.
    Ignored,
    /// 400 unless ordered.
    NeedsOrder,
}

/// How a count, statistics or ids are served.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    Works,
    /// A page of rows (count), names of the database (statistics), null (ids).
    Odd,
    /// 400 in a 200.
    Refused,
}

/// The ways to fail; the default is a good server.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Quirks {
    pub(crate) pagination: Pagination,
    /// `supportsPagination` as advertised; if none, the truth.
    pub(crate) advertised: Option<bool>,
    /// Version 10.0: no `advancedQueryCapabilities`, no geojson.
    pub(crate) old_style: bool,
    /// Whether the info has `objectIdField`.
    pub(crate) object_id_field: bool,
    pub(crate) max_record_count: Option<usize>,
    /// The most rows of a page, whatever is advertised and asked.
    pub(crate) page_cap: usize,
    /// Whether cut answers have `exceededTransferLimit`.
    pub(crate) says_cut: bool,
    pub(crate) count: Extra,
    pub(crate) statistics: Extra,
    pub(crate) ids: Extra,
    /// Without `orderByFields`, each request gets the rows in another order.
    pub(crate) unstable: bool,
    /// 500 in a 200 above this many rows of a page.
    pub(crate) heavy_above: Option<usize>,
    /// 500 in a 200 for a page with this OID and other rows.
    pub(crate) heavy_row: Option<i64>,
    /// 500 in a 200 for a page with this OID, unless its vertices may be off by as much.
    pub(crate) heavy_shape: Option<(i64, f64)>,
    /// 400 in a 200 for any `where` but `1=1`.
    pub(crate) where_refused: bool,
    /// 400 in a 200 for `outFields` other than `*`.
    pub(crate) star_only: bool,
    /// Errors have `details: null`.
    pub(crate) details_null: bool,
    /// `lastEditDate` moves with each info.
    pub(crate) edits: bool,
    /// Rows come before the geometry type, and the fields are missing.
    pub(crate) bare: bool,
    /// Time to an answer of `query`.
    pub(crate) pause: Duration,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            pagination: Pagination::Works,
            advertised: None,
            old_style: false,
            object_id_field: true,
            max_record_count: Some(1000),
            page_cap: 1000,
            says_cut: true,
            count: Extra::Works,
            statistics: Extra::Works,
            ids: Extra::Works,
            unstable: false,
            heavy_above: None,
            heavy_row: None,
            heavy_shape: None,
            where_refused: false,
            star_only: false,
            details_null: false,
            edits: false,
            bare: false,
            pause: Duration::ZERO,
        }
    }
}

impl Rows {
    /// These rows, as stored.
    pub(crate) fn listed(rows: Vec<Row>) -> Self {
        let oids = rows.iter().map(|row| row.oid).collect();
        Self {
            oids,
            make: Box::new(move |at| rows[at].clone()),
        }
    }

    /// `count` rows with OIDs 1, 2, …, made when asked for.
    pub(crate) fn generated(count: usize, make: impl Fn(usize) -> Row + Send + Sync + 'static) -> Self {
        Self {
            oids: (1..=count as i64).collect(),
            make: Box::new(make),
        }
    }
}

impl Layer {
    /// `count` points of the schema that `Folder::schema` writes, on a grid within `Folder::pipeline`'s two states.
    pub(crate) fn points(count: usize) -> Self {
        Self::of(Rows::generated(count, point))
    }

    /// A point layer with the fields of `Folder::schema` over rows of one's own.
    pub(crate) fn of(rows: Rows) -> Self {
        let field = |name: &str, kind: &str| json!({"name": name, "type": format!("esriFieldType{kind}"), "alias": name});
        let text = ["ID", "NAME", "COUNTYFIPS"].map(|name| field(name, "String"));
        let fields = [
            vec![field("OBJECTID", "OID")],
            text.to_vec(),
            vec![field("BEDS", "Integer")],
        ]
        .concat();
        Self {
            id: 0,
            name: "Points".to_owned(),
            oid: "OBJECTID".to_owned(),
            fields,
            geometry_type: Some("esriGeometryPoint"),
            reference: json!({"wkid": 4326, "latestWkid": 4326}),
            edited: Some(1_700_000_000_000),
            rows,
            quirks: Quirks::default(),
        }
    }

    pub(super) fn feature(&self, row: Row) -> Value {
        let mut attributes = Map::from_iter([(self.oid.clone(), json!(row.oid))]);
        attributes.extend(row.attributes);
        let mut feature = Map::from_iter([("attributes".to_owned(), Value::Object(attributes))]);
        if self.geometry_type.is_some() {
            feature.insert("geometry".to_owned(), row.geometry);
        }
        Value::Object(feature)
    }

    /// Positions of the rows that meet a condition, as stored.
    pub(super) fn matching(&self, condition: &Condition) -> Vec<usize> {
        let by_oid = condition
            .names()
            .iter()
            .all(|name| name.eq_ignore_ascii_case(&self.oid));
        let meets = |at: &usize| {
            let oid = self.rows.oids[*at];
            let row = (!by_oid).then(|| (self.rows.make)(*at));
            condition.holds(&|name| match &row {
                _ if name.eq_ignore_ascii_case(&self.oid) => json!(oid),
                Some(row) => row.attributes.get(name).cloned().unwrap_or(Value::Null),
                None => Value::Null,
            })
        };
        (0..self.rows.oids.len()).filter(meets).collect()
    }
}

/// Row `at` of `Layer::points`: OID `at` + 1, key `P` + OID.
pub(crate) fn point(at: usize) -> Row {
    let (x, y) = (
        -99.9 + (at % 1980) as f64 * 0.01,
        30.1 + (at / 1980) as f64 % 980.0 * 0.01,
    );
    let attributes = json!({"ID": format!("P{:07}", at + 1), "NAME": format!("Point {}", at + 1),
        "COUNTYFIPS": if x < -90.0 { "48001" } else { "01001" }, "BEDS": at % 500});
    let Value::Object(attributes) = attributes else {
        unreachable!("written as an object")
    };
    Row {
        oid: at as i64 + 1,
        attributes,
        geometry: json!({"x": x, "y": y}),
    }
}

impl Service {
    fn of(layer: Layer) -> Self {
        Self {
            kind: "FeatureServer",
            layers: vec![layer],
            groups: Vec::new(),
            fault: None,
            token_lasts: None,
            tokens: AtomicUsize::new(0),
            token_used: AtomicUsize::new(0),
            infos: AtomicUsize::new(0),
        }
    }
}

impl ArcGis {
    /// Serves a layer as `City/FeatureServer/0`.
    pub(crate) fn start(layer: Layer) -> Self {
        Self::serving(Service::of(layer))
    }

    fn serving(service: Service) -> Self {
        let service = Arc::new(RwLock::new(service));
        let answering = Arc::clone(&service);
        Self {
            server: Server::start(move |request| answer(answering.read().unwrap().deref(), request)),
            service,
        }
    }

    /// Changes what is served from the next request on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Service)) {
        change(&mut self.service.write().unwrap());
    }

    /// Turns switches of layer 0.
    pub(crate) fn quirk(&self, turn: impl FnOnce(&mut Quirks)) -> &Self {
        self.change(|service| turn(&mut service.layers[0].quirks));
        self
    }

    /// URL of a layer.
    pub(crate) fn url(&self, layer: usize) -> String {
        format!("{}/{layer}", self.root())
    }

    /// URL of the service.
    pub(crate) fn root(&self) -> String {
        self.server.url(&format!(
            "/arcgis/rest/services/City/{}",
            self.service.read().unwrap().kind
        ))
    }

    /// Where a token is to be had.
    pub(crate) fn login(&self) -> String {
        self.server.url("/arcgis/tokens/generateToken")
    }

    /// The requests for rows so far.
    pub(crate) fn pages(&self) -> Vec<Request> {
        self.server
            .requests()
            .into_iter()
            .filter(Request::asks_for_rows)
            .collect()
    }
}

/// What an honest service, with layer `City/FeatureServer/0`, answers.
pub(crate) fn honest(layer: Layer) -> impl Fn(&Request) -> Reply + Send + Sync {
    let service = Service::of(layer);
    move |request| answer(&service, request)
}

fn answer(service: &Service, request: &Request) -> Reply {
    if let Some(reply) = service.fault.as_ref().and_then(|fault| fault(request)) {
        return reply;
    }
    if request.path == "/arcgis/tokens/generateToken" {
        return token(service, request);
    }
    if let Some(refused) = service
        .token_lasts
        .and_then(|lasts| unauthorised(service, request, lasts))
    {
        return refused;
    }
    let root = format!("/arcgis/rest/services/City/{}", service.kind);
    let Some(rest) = request.path.strip_prefix(&root) else {
        return Reply::html(404, "Not Found");
    };
    if !matches!(request.get("f"), Some("json" | "pjson")) {
        return Reply::html(200, "ArcGIS REST Services Directory"); // as the real ones do
    }
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    let id = parts.first().and_then(|id| id.parse::<usize>().ok());
    let layer = service.layers.iter().find(|layer| Some(layer.id) == id);
    let group = service.groups.iter().find(|(group, _)| Some(*group) == id);
    match (&parts[..], layer, group) {
        ([], ..) => Reply::json(&layer_info::root(service)),
        ([_], Some(layer), _) => Reply::json(&layer_info::layer(
            layer,
            service.infos.fetch_add(1, Ordering::SeqCst),
        )),
        ([_], _, Some((id, name))) => Reply::json(&layer_info::group(*id, name)),
        ([_, "query"], Some(layer), _) => query::answer(layer, request).after(layer.quirks.pause),
        _ => error(400, "Invalid URL", &json!([])),
    }
}

/// An error as ArcGIS gives it: in a 200.
pub(crate) fn error(code: u16, message: &str, details: &Value) -> Reply {
    Reply::json(&json!({"error": {"code": code, "message": message, "details": details}}))
}

fn token(service: &Service, request: &Request) -> Reply {
    if (request.get("username"), request.get("password")) != (Some("ada"), Some("lovelace")) {
        return error(
            400,
            "Unable to generate token.",
            &json!(["Invalid username or password."]),
        );
    }
    let number = service.tokens.fetch_add(1, Ordering::SeqCst) + 1;
    service.token_used.store(0, Ordering::SeqCst);
    Reply::json(&json!({"token": format!("token-{number}"), "expires": 4_102_444_800_000_i64, "ssl": false}))
}

/// 499 without a token, 498 with one that has run out.
fn unauthorised(service: &Service, request: &Request, lasts: usize) -> Option<Reply> {
    let bearer = ["X-Esri-Authorization", "Authorization"]
        .iter()
        .find_map(|name| request.header(name));
    let given = request.get("token").or_else(|| bearer?.strip_prefix("Bearer "));
    let Some(given) = given else {
        return Some(error(499, "Token Required", &json!([])));
    };
    let last = service.tokens.load(Ordering::SeqCst);
    let good = last > 0 && given == format!("token-{last}");
    let used = good.then(|| service.token_used.fetch_add(1, Ordering::SeqCst));
    used.is_none_or(|used| used >= lasts)
        .then(|| error(498, "Invalid Token", &json!([])))
}
