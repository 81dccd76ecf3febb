//! Law 7 over whole nights: whatever a server does with a credential, no file, log line or answer shows it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::loopback::{Reply, Request, Server};
use crate::program::{Ended, Folder, ended};

const PATH: &str = "p4th-k3y";
const USER: &str = "us3r n4me";
const SECRET: &str = "s3cr3t/p4ss w0rd+1";
const TOKEN: &str = "t0k3n/of the login=";
/// `USER:SECRET` as Basic sends it, without its last characters.
const BASIC: &str = "dXMzciBuNG1lOnMzY3IzdC9wNHNzIHcwcmQrM";

const KINDS: [&str; 4] = ["token", "bearer", "basic", "login"];

/// What a server does with a request, most of it wrong.
const WAYS: [&str; 14] = [
    "works",
    "401",
    "403",
    "407",
    "498",
    "499",
    "498 in a 200",
    "500 in a 200",
    "fails once",
    "breaks off once",
    "a page",
    "sends to another host",
    "sends to a file",
    "sends to itself",
];

/// Those that services are asked in, too.
const SERVICES: [&str; 3] = ["403", "498 in a 200", "sends to itself"];

#[test]
fn nights_show_no_secret() {
    let other = Server::start(csv);
    let target = other.url("/elsewhere.csv");
    let server = Server::start(move |request| {
        let steps: Vec<&str> = request.path.split('/').collect();
        match steps[..] {
            ["", PATH, way, ..] => answer(WAYS[way.parse::<usize>().unwrap()], request, &target),
            _ => Reply::json(&json!({"token": TOKEN, "said": repeated(request)})),
        }
    });
    let folder = folder(&server);
    let mut said = String::new();
    for arguments in [
        &["check", "pipeline.toml"][..],
        &["plan", "pipeline.toml", "--format", "json"],
        &[
            "fetch",
            "pipeline.toml",
            "-vvv",
            "--layer",
            "file_0_basic",
            "--layer",
            "service_2_login",
        ],
        &[
            "run",
            "pipeline.toml",
            "-vvv",
            "--format",
            "json",
            "--log-format",
            "json",
        ],
        &["run", "pipeline.toml", "--offline", "--rebuild"],
        &["landing", "pipeline.toml", "--format", "json"],
        &["landing", "pipeline.toml"],
    ] {
        let ended = cikr(&folder, arguments);
        assert!(
            matches!(ended.code, 0 | 5),
            "{arguments:?}: {}\n{}",
            ended.code,
            ended.stderr
        );
        said += &(ended.stdout + &ended.stderr);
    }
    assert!(
        said.contains("***") && said.contains("${CIKR_T_PATH}"),
        "something was hidden"
    );
    for secret in secrets() {
        assert!(
            !said.contains(&secret),
            "`{secret}` is said: {}",
            surroundings(&said, &secret)
        );
    }
    assert_eq!(leaks(&folder.path().join("store")), [""; 0]);
    let elsewhere = format!("{:?}", other.requests());
    assert!(
        !other.requests().is_empty() && !elsewhere.contains("uthorization"),
        "{elsewhere}"
    );
    for kind in KINDS {
        let known = server
            .requests()
            .into_iter()
            .filter(|request| request.path.contains(kind));
        assert!(
            known.clone().count() > 12 && known.clone().all(|request| is_known(&request)),
            "{kind}"
        );
    }
}

/// A layer per way and kind of credential, as a file and as a service.
fn folder(server: &Server) -> Folder {
    let pair = "user = \"CIKR_T_USER\", password = \"CIKR_T_SECRET\"";
    let login = server.url("/generateToken");
    let auth = |kind: &str| match kind {
        "basic" => format!("basic = {{ {pair} }}"),
        "login" => format!("login = {{ url = \"{login}\", {pair} }}"),
        other => format!("{other} = \"CIKR_T_SECRET\""),
    };
    let mut layers = String::new();
    for (way, name) in WAYS.iter().enumerate() {
        for kind in KINDS {
            let auth = auth(kind);
            let url = server.url(&format!("/${{CIKR_T_PATH}}/{way}/{kind}"));
            let layer = |id: &str, source: &str| {
                format!(
                    "\n[[layer]]\nid = \"{id}_{way}_{kind}\"\nschema = \"points\"\ninventory = false\nsource.{source}\n"
                )
            };
            let csv = "csv = { x = \"LON\", y = \"LAT\" }, crs = \"EPSG:4326\"";
            layers += &layer(
                "file",
                &format!("http = {{ url = \"{url}.csv\", {csv}, auth = {{ {auth} }} }}"),
            );
            // A service answers in its own way; the others it takes for one and the same trouble, for seconds.
            if SERVICES.contains(name) {
                let source = format!("arcgis = {{ url = \"{url}/FeatureServer/0\", auth = {{ {auth} }} }}");
                layers += &layer("service", &source);
            }
        }
    }
    let folder = Folder::new();
    folder.schema("points", "point", "").pipeline(&layers);
    folder
}

fn answer(way: &str, request: &Request, other: &str) -> Reply {
    let text = repeated(request);
    let error = |code: u16| json!({"error": {"code": code, "message": text, "details": [text]}});
    let link = |to: &str| {
        format!(
            "{to}?back={}",
            byte_serialize(text.as_bytes()).collect::<String>()
        )
    };
    let is_first = request.number.is_multiple_of(2);
    match way {
        "works" | "fails once" | "breaks off once" if !(is_first && way.ends_with("once")) => csv(request),
        "498 in a 200" => Reply::json(&error(498)),
        "500 in a 200" => Reply::json(&error(500)),
        "fails once" => Reply::html(503, &text).header("Retry-After", "0"),
        "breaks off once" => csv(request).cut(20),
        "a page" => Reply::html(200, &text),
        "sends to another host" if request.get("token").is_some() => Reply::redirect(&link(other)),
        "sends to another host" => Reply::redirect(other),
        "sends to a file" => Reply::redirect(&link("file:///etc")),
        "sends to itself" => Reply::redirect(&link(&request.path)),
        status => Reply::html(status.parse().unwrap(), &text),
    }
}

/// A good file with headers that show what was sent.
fn csv(request: &Request) -> Reply {
    let text = repeated(request).replace(['\r', '\n', '"'], " ");
    Reply::bytes(
        "text/csv",
        "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,48001,5,-95,35\n",
    )
    .header("ETag", &format!("\"{text}\""))
    .header("Last-Modified", &text)
}

/// All that was sent, repeated as debug pages do.
fn repeated(request: &Request) -> String {
    let plain = request
        .parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let sent: String = plain.collect::<Vec<_>>().join("&");
    let coded: String = byte_serialize(sent.as_bytes()).collect();
    format!("{} {sent} {coded} {:?}", request.path, request.headers)
}

fn is_known(request: &Request) -> bool {
    request.get("token").is_some() || request.header("Authorization").is_some()
}

fn cikr(folder: &Folder, arguments: &[&str]) -> Ended {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cikr"));
    program.args(arguments).current_dir(folder.path());
    program.envs([
        ("CIKR_T_PATH", PATH),
        ("CIKR_T_USER", USER),
        ("CIKR_T_SECRET", SECRET),
    ]);
    ended(&program.output().unwrap())
}

/// Every spelling in which a secret could get out.
fn secrets() -> Vec<String> {
    let spellings = |secret: &str| {
        let form: String = byte_serialize(secret.as_bytes()).collect();
        [
            secret.to_owned(),
            form.replace('+', "%20"),
            secret.replace(' ', "%20"),
            form,
        ]
    };
    let mut secrets: Vec<String> = [PATH, USER, SECRET, TOKEN]
        .into_iter()
        .flat_map(spellings)
        .collect();
    secrets.push(BASIC.to_owned());
    secrets
}

/// Files below a folder that hold a secret, in content or name.
fn leaks(folder: &Path) -> Vec<String> {
    let secrets = secrets();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(leaks(&path));
            continue;
        }
        let text = format!(
            "{} {}",
            path.display(),
            String::from_utf8_lossy(&fs::read(&path).unwrap())
        );
        let told = secrets.iter().filter(|secret| text.contains(*secret));
        found.extend(told.map(|secret| format!("{}: {}", path.display(), surroundings(&text, secret))));
    }
    found
}

fn surroundings(text: &str, secret: &str) -> String {
    let at = text.find(secret).unwrap();
    let (start, end) = (
        text.floor_char_boundary(at.saturating_sub(300)),
        text.ceil_char_boundary(at + 100),
    );
    text[start..end.min(text.len())].to_owned()
}
