//! Services: counts, limits, infos, tokens and bodies that lie.

use serde_json::{Value, json};

use super::{Answer, Case};
use crate::loopback::arcgis::{self, Layer};
use crate::loopback::{Reply, Request};

/// Rows of the layer; ten come at a time.
pub(super) const ROWS: usize = 25;

const SOURCE: &str = "arcgis = { url = \"{url}/arcgis/rest/services/City/FeatureServer/0\", timeout-s = 1, \
                      max-bytes = \"4 MiB\", page-rows = 10 }";

/// The question that a request puts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Info,
    Count,
    Ids,
    Statistics,
    Rows,
}

fn asked(request: &Request) -> Ask {
    match () {
        () if !request.path.ends_with("/query") => Ask::Info,
        () if request.is("returnCountOnly") => Ask::Count,
        () if request.is("returnIdsOnly") => Ask::Ids,
        () if request.get("outStatistics").is_some() => Ask::Statistics,
        () => Ask::Rows,
    }
}

/// A service that answers a kind of question by `lie`, of what an honest one would say, and all else truly.
pub(super) fn lying(
    name: &str,
    about: Ask,
    lie: impl Fn(&Request, usize, Value) -> Reply + Send + Sync + 'static,
) -> Case {
    let mut layer = Layer::points(ROWS);
    layer.quirks.page_cap = 10;
    layer.quirks.max_record_count = Some(10);
    let honest = arcgis::honest(layer);
    let answer: Answer = Box::new(move |request, n| {
        let mut plain = request.clone();
        plain.path = format!("/{}", request.path.splitn(4, '/').nth(3).unwrap_or_default());
        let reply = honest(&plain);
        if asked(request) == about {
            lie(request, n, reply.value())
        } else {
            reply
        }
    });
    Case {
        name: name.to_owned(),
        answer,
        source: SOURCE.to_owned(),
    }
}

/// The same, by another value.
pub(super) fn saying(
    name: &str,
    about: Ask,
    lie: impl Fn(&Request, usize, Value) -> Value + Send + Sync + 'static,
) -> Case {
    lying(name, about, move |request, n, honest| {
        Reply::json(&lie(request, n, honest))
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![saying("honest", Ask::Info, |_, _, honest| honest)];
    cases.extend(counts());
    cases.extend(infos());
    cases.extend(bodies());
    cases.extend(tokens());
    cases
}

fn counts() -> Vec<Case> {
    let of = |name: &str, count: fn(usize) -> Value| {
        saying(
            &format!("count: {name}"),
            Ask::Count,
            move |_, n, _| json!({"count": count(n)}),
        )
    };
    vec![
        of("one more", |_| json!(ROWS + 1)),
        of("one less", |_| json!(ROWS - 1)),
        of("none", |_| json!(0)),
        of("a full page", |_| json!(10)),
        of("a trillion", |_| json!(1_000_000_000_000_u64)),
        of("below zero", |_| json!(-5)),
        of("text", |_| json!("25")),
        of("a fraction", |_| json!(25.5)),
        of("beyond numbers", |_| json!(1e300)),
        of("null", |_| Value::Null),
        of("another each time", |n| json!(ROWS + n)),
        of("a list", |_| json!([25])),
        saying("count: no such member", Ask::Count, |_, _, _| json!({"cnt": 25})),
        saying(
            "count: a page of rows",
            Ask::Count,
            |_, _, _| json!({"features": []}),
        ),
        saying(
            "count: an error",
            Ask::Count,
            |_, _, _| json!({"error": {"code": 400, "message": "no"}}),
        ),
        saying(
            "count: an error for ever",
            Ask::Count,
            |_, _, _| json!({"error": {"code": 500}}),
        ),
        lying("count: a page", Ask::Count, |_, _, _| Reply::html(200, "sorry")),
        saying("ids: one too few", Ask::Ids, |_, _, mut honest| {
            honest["objectIds"].as_array_mut().unwrap().pop();
            honest
        }),
        saying(
            "ids: as text",
            Ask::Ids,
            |_, _, _| json!({"objectIds": ["1", "x"]}),
        ),
        saying(
            "statistics: of no rows",
            Ask::Statistics,
            |_, _, _| json!({"features": []}),
        ),
    ]
}

fn infos() -> Vec<Case> {
    let with = |name: &str, member: &'static str, value: Value| {
        saying(&format!("info: {name}"), Ask::Info, move |_, _, mut honest| {
            honest[member] = value.clone();
            honest
        })
    };
    vec![
        with("a raster", "type", json!("Raster Layer")),
        with("a type that is a number", "type", json!(5)),
        with("no fields", "fields", json!([])),
        with("fields that are text", "fields", json!("OBJECTID")),
        with("no rows at a time", "maxRecordCount", json!(0)),
        with("fewer than no rows at a time", "maxRecordCount", json!(-1)),
        with("all rows at a time", "maxRecordCount", json!(1e308)),
        with("rows at a time as text", "maxRecordCount", json!("ten")),
        with("another object id", "objectIdField", json!("NAME")),
        with("an object id that isn't there", "objectIdField", json!("FID")),
        with(
            "an object id that is a condition",
            "objectIdField",
            json!("1=1 OR OBJECTID"),
        ),
        with(
            "no pages",
            "advancedQueryCapabilities",
            json!({"supportsPagination": false}),
        ),
        with(
            "capabilities that are text",
            "advancedQueryCapabilities",
            json!("all"),
        ),
        with("an extent of nothing", "extent", json!({"xmin": "NaN"})),
        with(
            "another reference",
            "extent",
            json!({"spatialReference": {"wkid": 3857}}),
        ),
        with(
            "an edit that is text",
            "editingInfo",
            json!({"lastEditDate": "today"}),
        ),
        saying("info: edited all the while", Ask::Info, |_, n, mut honest| {
            honest["editingInfo"] = json!({"lastEditDate": n});
            honest
        }),
        saying("info: a list", Ask::Info, |_, _, honest| json!([honest])),
        saying("info: empty", Ask::Info, |_, _, _| json!({})),
        lying("info: a page", Ask::Info, |_, _, _| {
            Reply::html(200, "ArcGIS REST Services Directory")
        }),
        lying("info: as deep as it goes", Ask::Info, |_, _, _| {
            Reply::bytes("application/json", format!("{{\"a\":{}", "[".repeat(1 << 20)))
        }),
        lying("info: nothing", Ask::Info, |_, _, _| {
            Reply::bytes("application/json", "")
        }),
    ]
}

/// Rows that are cut, packed, late or something else.
fn bodies() -> Vec<Case> {
    let text = |value: &Value| value.to_string().into_bytes();
    let json = |bytes: Vec<u8>| Reply::bytes("application/json", bytes);
    let mut cases = Vec::new();
    for eighth in 0..8 {
        let cut = move |value: &Value| {
            let bytes = text(value);
            bytes[..=bytes.len() * eighth / 8].to_vec()
        };
        cases.push(lying(
            &format!("rows cut at {eighth}/8"),
            Ask::Rows,
            move |_, _, honest| json(cut(&honest)),
        ));
        cases.push(lying(
            &format!("rows cut at {eighth}/8, at first"),
            Ask::Rows,
            move |_, n, honest| {
                if n < 5 {
                    json(cut(&honest))
                } else {
                    Reply::json(&honest)
                }
            },
        ));
    }
    cases.extend([
        lying("rows: without the last brace", Ask::Rows, move |_, _, honest| {
            let bytes = text(&honest);
            json(bytes[..bytes.len() - 1].to_vec())
        }),
        lying("rows: and more behind", Ask::Rows, move |_, _, honest| {
            json([text(&honest), b"{\"features\":[]}".to_vec()].concat())
        }),
        lying("rows: as a script", Ask::Rows, move |_, _, honest| {
            json([b"callback(".to_vec(), text(&honest), b");".to_vec()].concat())
        }),
        lying("rows: with a mark of order", Ask::Rows, move |_, _, honest| {
            json([b"\xef\xbb\xbf".to_vec(), text(&honest)].concat())
        }),
        lying("rows: in UTF-16", Ask::Rows, |_, _, honest| {
            Reply::bytes(
                "application/json",
                honest
                    .to_string()
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect::<Vec<u8>>(),
            )
        }),
        lying("rows: no UTF-8", Ask::Rows, move |_, _, honest| {
            json(
                String::from_utf8(text(&honest))
                    .unwrap()
                    .replace("Point 1", "Point \u{7f}1")
                    .into_bytes()
                    .into_iter()
                    .map(|byte| if byte == 0x7f { 0xff } else { byte })
                    .collect(),
            )
        }),
        lying("rows: a page", Ask::Rows, |_, _, _| {
            Reply::html(200, "Batch size too large")
        }),
        lying("rows: 404", Ask::Rows, |_, _, _| Reply::html(404, "gone")),
        lying("rows: 500", Ask::Rows, |_, _, _| Reply::status(500)),
        lying("rows: longer than it says", Ask::Rows, |_, _, honest| {
            Reply::json(&honest).claiming(50)
        }),
        lying("rows: shorter than it says", Ask::Rows, |_, _, honest| {
            Reply::json(&honest).claiming(90_000)
        }),
        lying("rows: endless", Ask::Rows, |_, _, honest| {
            Reply::json(&honest).endless()
        }),
        lying("rows: a bomb", Ask::Rows, |_, _, _| {
            Reply::gzip_bomb("application/json", 64)
        }),
        lying("rows: gzip cut", Ask::Rows, |_, _, honest| {
            Reply::json(&honest).gzip().cut(60)
        }),
        lying("rows: slow", Ask::Rows, |_, _, honest| {
            Reply::json(&honest).slow(1, std::time::Duration::from_millis(30))
        }),
        lying("rows: silent", Ask::Rows, |_, _, honest| {
            Reply::json(&honest).after(std::time::Duration::from_millis(1_500))
        }),
        lying("rows: elsewhere for ever", Ask::Rows, |request, n, _| {
            Reply::redirect(&format!("{}?{n}", request.path))
        }),
        lying("rows: at a file", Ask::Rows, |_, _, _| {
            Reply::redirect("file:///etc/passwd")
        }),
        lying("rows: later", Ask::Rows, |_, _, _| {
            Reply::status(429).header("Retry-After", "999999")
        }),
        saying(
            "rows: an error for ever",
            Ask::Rows,
            |_, _, _| json!({"error": {"code": 500, "message": "no"}}),
        ),
        saying("rows: an error every other time", Ask::Rows, |_, n, honest| {
            if n.is_multiple_of(2) {
                honest
            } else {
                json!({"error": {"code": 504}})
            }
        }),
        saying(
            "rows: a refusal",
            Ask::Rows,
            |_, _, _| json!({"error": {"code": 400, "message": "no"}}),
        ),
        saying(
            "rows: an error of no kind",
            Ask::Rows,
            |_, _, _| json!({"error": [1, 2]}),
        ),
    ]);
    cases
}

fn tokens() -> Vec<Case> {
    let auth = "auth = { login = { url = \"{url}/tokens\", user = \"USER_OF\", password = \"WORD_OF\" } }";
    let with = |mut case: Case| {
        case.source = case.source.replace(" }", &format!(", {auth} }}"));
        case
    };
    let login = |name: &str, given: fn(&Request, usize) -> Reply| {
        let case = saying(name, Ask::Rows, |_, _, honest| honest);
        let answer = case.answer;
        let answer: Answer = Box::new(move |request, n| {
            if request.path.ends_with("/tokens") {
                given(request, n)
            } else {
                answer(request, n)
            }
        });
        with(Case { answer, ..case })
    };
    let expired = |code: u16| {
        let case = saying(
            "",
            Ask::Rows,
            move |_, _, _| json!({"error": {"code": code, "message": "Invalid Token"}}),
        );
        let answer = case.answer;
        let answer: Answer = Box::new(move |request, n| {
            let given = json!({"token": format!("token number {n}")});
            if request.path.ends_with("/tokens") {
                Reply::json(&given)
            } else {
                answer(request, n)
            }
        });
        with(Case {
            name: format!("a token that has expired for ever ({code})"),
            answer,
            ..case
        })
    };
    vec![
        expired(498),
        expired(499),
        saying(
            "a token is wanted of nobody",
            Ask::Rows,
            |_, _, _| json!({"error": {"code": 499}}),
        ),
        login("a login that works", |_, _| {
            Reply::json(&json!({"token": "t0ken of the l0gin"}))
        }),
        login("a login that is a page", |_, _| Reply::html(200, "sign in")),
        login("a login without a token", |_, _| {
            Reply::json(&json!({"token": ""}))
        }),
        login("a login with a number", |_, _| Reply::json(&json!({"token": 5}))),
        login("a login that wants one", |_, _| {
            Reply::json(&json!({"error": {"message": "Token Required"}}))
        }),
        login("a login that moves on", |request, n| {
            Reply::redirect(&format!("{}?{n}", request.path)).of(307)
        }),
        login("a login that is down", |_, _| Reply::status(503)),
    ]
}
