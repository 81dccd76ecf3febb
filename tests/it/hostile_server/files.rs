//! Files: parts that lie, statuses, redirects, encodings, waits.

use super::{Answer, Case};
use crate::loopback::reply::gzip;
use crate::loopback::{Reply, Request};

pub(super) const SOURCE: &str = "http = { url = \"{url}/a.csv\", csv = { x = \"LON\", y = \"LAT\" }, crs = \"EPSG:4326\", timeout-s = 1, max-bytes = \"4 MiB\" }";

pub(super) fn body() -> Vec<u8> {
    let row = |n: u32| format!("{n},name {n},48001,{n},-95.5,{}\n", 31.0 + f64::from(n) / 1e3);
    format!(
        "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{}",
        (0..1_000).map(row).collect::<String>()
    )
    .into_bytes()
}

pub(super) fn case(name: &str, answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Case {
    let answer: Answer = Box::new(answer);
    Case {
        name: name.to_owned(),
        answer,
        source: SOURCE.to_owned(),
    }
}

pub(super) fn whole(body: &[u8]) -> Reply {
    Reply::bytes("text/csv", body)
        .header("ETag", "\"v1\"")
        .header("Accept-Ranges", "bytes")
}

fn from(request: &Request) -> Option<usize> {
    request
        .header("Range")?
        .strip_prefix("bytes=")?
        .strip_suffix('-')?
        .parse()
        .ok()
}

fn part(body: &[u8], range: &str) -> Reply {
    whole(body).of(206).header("Content-Range", range)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![case("honest", |_, _| whole(&body()))];
    cases.extend(parts());
    cases.extend(unasked());
    cases.extend(encodings());
    cases.extend(statuses());
    cases.extend(redirects());
    cases
}

type Lie = fn(usize, &[u8]) -> Reply;

/// What is given to whoever asks for the rest of a file that broke off.
fn parts() -> Vec<Case> {
    let lies: [(&str, Lie); 30] = [
        ("ends early", |at, b| {
            part(&b[at..at + 99], &format!("bytes {at}-{}/{}", at + 98, b.len()))
        }),
        ("no total", |at, b| {
            part(&b[at..], &format!("bytes {at}-{}/*", b.len() - 1))
        }),
        ("no total, early", |at, b| {
            part(&b[at..at + 99], &format!("bytes {at}-{}/*", at + 98))
        }),
        ("begins later", |at, b| {
            part(
                &b[at + 5..],
                &format!("bytes {}-{}/{}", at + 5, b.len() - 1, b.len()),
            )
        }),
        ("begins earlier", |at, b| {
            part(
                &b[at - 5..],
                &format!("bytes {}-{}/{}", at - 5, b.len() - 1, b.len()),
            )
        }),
        ("begins at 0", |_, b| {
            part(b, &format!("bytes 0-{}/{}", b.len() - 1, b.len()))
        }),
        ("total too long", |at, b| {
            part(&b[at..], &format!("bytes {at}-{}/{}", b.len() - 1, b.len() + 9))
        }),
        ("total too short", |at, b| {
            part(&b[at..at + 99], &format!("bytes {at}-{}/{}", at + 98, at + 99))
        }),
        ("total below end", |at, b| {
            part(&b[at..], &format!("bytes {at}-{}/{}", b.len() - 1, b.len() - 9))
        }),
        ("end too short", |at, b| {
            part(&b[at..], &format!("bytes {at}-{}/{}", at + 98, b.len()))
        }),
        ("end too far", |at, b| {
            part(
                &b[at..at + 99],
                &format!("bytes {at}-{}/{}", b.len() - 1, b.len()),
            )
        }),
        ("end before start", |at, b| {
            part(&b[at..], &format!("bytes {at}-{}/{}", at - 1, b.len()))
        }),
        ("no range", |at, b| whole(&b[at..]).of(206)),
        ("garbage", |at, b| part(&b[at..], "bytes who-knows/what")),
        ("other unit", |at, b| {
            part(&b[at..], &format!("items {at}-{}/{}", b.len() - 1, b.len()))
        }),
        ("negative", |at, b| {
            part(&b[at..], &format!("bytes -{at}-{}/{}", b.len() - 1, b.len()))
        }),
        ("overflows", |at, b| {
            part(
                &b[at..],
                &format!("bytes {at}-18446744073709551615/18446744073709551616"),
            )
        }),
        ("unsatisfied form", |at, b| {
            part(&b[at..], &format!("bytes */{}", b.len()))
        }),
        ("empty", |at, b| {
            part(b"", &format!("bytes {at}-{}/{}", b.len() - 1, b.len()))
        }),
        ("the whole with 200", |_, b| whole(b)),
        ("the rest with 200, cut", |_, b| whole(b).cut(9_000)),
        ("another tag", |at, b| {
            Reply::bytes("text/csv", &b[at..])
                .of(206)
                .header("ETag", "\"v2\"")
                .header(
                    "Content-Range",
                    &format!("bytes {at}-{}/{}", b.len() - 1, b.len()),
                )
        }),
        ("no tag", |at, b| {
            let range = format!("bytes {at}-{}/{}", b.len() - 1, b.len());
            Reply::bytes("text/csv", &b[at..])
                .of(206)
                .header("Content-Range", &range)
        }),
        ("weak tag", |at, b| {
            let range = format!("bytes {at}-{}/{}", b.len() - 1, b.len());
            Reply::bytes("text/csv", &b[at..])
                .of(206)
                .header("ETag", "W/\"v1\"")
                .header("Content-Range", &range)
        }),
        ("compressed", |at, b| {
            part(&b[at..], &format!("bytes {at}-{}/{}", b.len() - 1, b.len())).gzip()
        }),
        ("several parts", |at, b| {
            let text = format!("--x\r\nContent-Range: bytes {at}-{}/{}\r\n\r\n", at + 98, b.len());
            whole(&[text.as_bytes(), &b[at..at + 99], b"\r\n--x--"].concat()).of(206)
        }),
        ("416 of another length", |_, b| {
            Reply::status(416).header("Content-Range", &format!("bytes */{}", b.len() * 2))
        }),
        ("304", |_, _| Reply::status(304)),
        ("204", |_, _| Reply::status(204)),
        ("500", |_, _| Reply::status(500)),
    ];
    let of = |(name, lie): (&str, Lie)| {
        case(&format!("part: {name}"), move |request, n| match from(request) {
            Some(at) => lie(at, &body()),
            None if n == 1 => whole(&body()).cut(20_000),
            None => whole(&body()),
        })
    };
    lies.into_iter().map(of).collect()
}

/// Parts that nobody has asked for, and lengths that aren't told.
fn unasked() -> Vec<Case> {
    let length = body().len();
    let range = move |first: usize, last: usize| format!("bytes {first}-{last}/{length}");
    vec![
        case("206 unasked: the first bytes", move |_, _| {
            part(&body()[..99], &range(0, 98))
        }),
        case("206 unasked: all of it", move |_, _| {
            part(&body(), &range(0, length - 1))
        }),
        case("206 unasked: the middle", move |_, _| {
            part(&body()[99..], &range(99, length - 1))
        }),
        case("206 unasked: no range", |_, _| whole(&body()).of(206)),
        case("206 unasked once", move |_, n| {
            if n == 1 {
                part(&body()[..99], &range(0, 98))
            } else {
                whole(&body())
            }
        }),
        case("no length, whole", |_, _| whole(&body()).undelimited()),
        case("no length, ends at another row each time", |_, n| {
            let body = body();
            let rows: Vec<usize> = body
                .iter()
                .enumerate()
                .filter(|(_, b)| **b == b'\n')
                .map(|(at, _)| at + 1)
                .collect();
            Reply::bytes("text/csv", &body[..rows[300 + n * 7 % 600]]).undelimited()
        }),
        case("a length that is too long", |_, _| {
            whole(&body()).claiming(90_000)
        }),
        case("a length that is far too long", |_, _| {
            whole(&body()).claiming(usize::MAX / 2)
        }),
        case("always cut at 90 percent, no tag", |_, _| {
            Reply::bytes("text/csv", body()).cut(32_000)
        }),
        case("always cut, another tag each time", |_, n| {
            Reply::bytes("text/csv", body())
                .header("ETag", &format!("\"{n}\""))
                .cut(30_000)
        }),
        case("cut at another place each time, no tag", |_, n| {
            Reply::bytes("text/csv", body()).cut(20_000 + n * 100)
        }),
        case("endless", |_, _| whole(&body()).endless()),
        case("slower than anybody waits", |_, _| {
            whole(&body()).slow(10, std::time::Duration::from_millis(50))
        }),
        case("silent", |_, _| {
            whole(&body()).after(std::time::Duration::from_millis(1_500))
        }),
        case("reset", |_, _| Reply::reset()),
        case(
            "reset twice",
            |_, n| if n < 3 { Reply::reset() } else { whole(&body()) },
        ),
    ]
}

fn encodings() -> Vec<Case> {
    let packed = || gzip(&body());
    let of =
        |bytes: Vec<u8>, encoding: &str| Reply::bytes("text/csv", bytes).header("Content-Encoding", encoding);
    vec![
        case("gzip unasked", |_, _| whole(&body()).gzip()),
        case("gzip cut", move |_, _| {
            of(packed()[..packed().len() / 2].to_vec(), "gzip")
        }),
        case("gzip without its end", move |_, _| {
            of(packed()[..packed().len() - 8].to_vec(), "gzip")
        }),
        case("gzip and garbage", move |_, _| {
            of([packed(), b"garbage garbage".to_vec()].concat(), "gzip")
        }),
        case("gzip with another sum", move |_, _| {
            let mut packed = packed();
            let at = packed.len() - 6;
            packed[at] ^= 0x55;
            of(packed, "gzip")
        }),
        case("gzip with another length", move |_, _| {
            let mut packed = packed();
            let at = packed.len() - 2;
            packed[at] ^= 0x55;
            of(packed, "gzip")
        }),
        case("gzip of two members", move |_, _| {
            let (one, two) = (gzip(&body()[..9_000]), gzip(&body()[9_000..]));
            of([one, two].concat(), "x-gzip")
        }),
        case("gzip in gzip, told of once", move |_, _| {
            of(gzip(&packed()), "gzip")
        }),
        case("gzip, not told of", move |_, _| {
            Reply::bytes("text/csv", packed())
        }),
        case("a bomb", |_, _| Reply::gzip_bomb("text/csv", 64)),
        case("not gzip at all", move |_, _| of(body(), "gzip")),
        case("not deflate at all", move |_, _| of(body(), "deflate")),
        case("an encoding nobody asked for", move |_, _| of(body(), "br")),
        case("encodings in a row", move |_, _| of(packed(), "gzip, gzip")),
    ]
}

fn statuses() -> Vec<Case> {
    let always = |name: &str, reply: fn() -> Reply| case(name, move |_, _| reply());
    let mut cases = vec![
        always("a page", || Reply::html(200, "sorry")),
        always("a page called CSV", || {
            Reply::bytes("text/csv", "\n\n <!DOCTYPE html><p>sorry</p>")
        }),
        always("an error in JSON", || {
            Reply::bytes("text/csv", "{\"error\":{\"code\":500}}")
        }),
        always("a demand for a token", || {
            Reply::bytes("text/csv", "{\"error\":{\"code\":499}}")
        }),
        always("a zip", || Reply::bytes("text/csv", "PK\u{3}\u{4}whatever")),
        always("nothing", || Reply::bytes("text/csv", "")),
        always("blanks", || Reply::bytes("text/csv", " \n\n ")),
        always("202 for ever", || Reply::bytes("text/csv", "wait").of(202)),
        always("pending for ever", || {
            Reply::bytes("text/csv", "{\"status\":\"Pending\"}")
        }),
        always("a finished file at a file", || {
            Reply::bytes(
                "text/csv",
                "{\"status\":\"Done\",\"resultUrl\":\"file:///etc/passwd\"}",
            )
        }),
        always("304 unasked", || Reply::status(304)),
        always("Retry-After beyond numbers", || {
            Reply::status(429).header("Retry-After", "99999999999999999999999")
        }),
        always("Retry-After of years", || {
            Reply::status(503).header("Retry-After", "999999999")
        }),
        always("Retry-After below zero", || {
            Reply::status(503).header("Retry-After", "-5")
        }),
        always("Retry-After in the year 9999", || {
            let reply = Reply::status(503).header("Date", "Wed, 21 Oct 2015 07:28:00 GMT");
            reply.header("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")
        }),
        always("Retry-After in words", || {
            Reply::status(503).header("Retry-After", "soon")
        }),
        case("Retry-After once", |_, n| {
            if n == 1 {
                Reply::status(503).header("Retry-After", "0")
            } else {
                whole(&body())
            }
        }),
        case("a finished file that is always elsewhere", |request, n| {
            let next = format!("{}?{n}", request.path);
            Reply::bytes(
                "text/csv",
                format!("{{\"status\":\"Done\",\"resultUrl\":\"{next}\"}}"),
            )
        }),
    ];
    for status in [
        201, 204, 300, 400, 401, 403, 404, 407, 410, 418, 421, 451, 500, 502, 507, 599,
    ] {
        cases.push(case(&format!("status {status}"), move |_, _| {
            Reply::html(status, "no")
        }));
    }
    cases
}

fn redirects() -> Vec<Case> {
    let to = |name: &str, target: &'static str| case(name, move |_, _| Reply::redirect(target));
    vec![
        case("redirect to itself", |request, _| Reply::redirect(&request.path)),
        case("redirect in a circle", |request, _| {
            Reply::redirect(&format!(
                "{}?{}",
                request.path,
                u8::from(request.get("1").is_none())
            ))
        }),
        case("redirects without end", |request, n| {
            Reply::redirect(&format!("{}?{n}", request.path))
        }),
        case("redirect with 307, once", |request, n| {
            if n == 1 {
                Reply::redirect(&format!("{}?b", request.path)).of(307)
            } else {
                whole(&body())
            }
        }),
        to("redirect to a file", "file:///etc/passwd"),
        to("redirect to ftp", "ftp://127.0.0.1/a.csv"),
        to("redirect to data", "data:text/csv,ID%0A1"),
        to("redirect to a script", "javascript:alert(1)"),
        to("redirect to nowhere", "http://[::"),
        to("redirect to a dead port", "http://127.0.0.1:1/a.csv"),
        to("redirect with a name", "http://ada:l0velace@127.0.0.1:1/a.csv"),
        to("redirect to nothing", ""),
        case("redirect without a place", |_, _| Reply::status(302)),
    ]
}
