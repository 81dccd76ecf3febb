//! Law 7 against servers that repeat a credential in every spelling and at every place where they can say something:
//! whatever is published, logged or printed is searched for it, and another host never sees it.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::loopback::{Reply, Request, Server};
use crate::program::{Ended, Folder, ended};

/// A token of the pipeline.
const SECRET: &str = "s3cr3t/P4ss-w0rd+1Xyz:77";
/// What a login gives.
const TOKEN: &str = "t0k3n/Of-the_l0gin=9Zq";

/// Characters of a secret in a row that are a leak.
const RUN: usize = 14;

/// How the secret is spelled.
const FORMS: usize = 17;

fn form(number: usize, secret: &str) -> String {
    let each =
        |spelt: &dyn Fn(u32) -> String| secret.chars().map(|c| spelt(u32::from(c))).collect::<String>();
    let percent = || each(&|c| format!("%{c:02X}"));
    match number {
        0 => secret.to_owned(),
        1 => secret.replace('/', "\\/"),
        2 => each(&|c| format!("\\u{c:04x}")),
        3 => secret
            .replace('/', "&#x2F;")
            .replace('+', "&plus;")
            .replace('=', "&equals;"),
        4 => each(&|c| format!("&#{c};")),
        5 => byte_serialize(secret.as_bytes()).collect(),
        6 => percent(),
        7 => percent().replace('%', "%25"),
        8 => BASE64_STANDARD.encode(secret),
        9 => BASE64_URL_SAFE_NO_PAD.encode(format!("user:{secret}")),
        10 => BASE64_URL_SAFE_NO_PAD.encode(format!("ab{secret}cd")),
        11 => each(&|c| format!("{c:02x}")),
        12 => secret.to_uppercase(),
        13 => secret.chars().map(|c| format!("{c} ")).collect(),
        14 => secret.replace('-', "-\n\t"),
        15 => each(&|c| format!("\\x{c:02x}")),
        _ => format!("{}\u{200b}{}", &secret[..9], &secret[9..]),
    }
}

/// Where a server that gives a file says it, and what it takes to get that far.
const FILES: [&str; 18] = [
    "a refusal",
    "a web page",
    "a failed export",
    "an error in JSON",
    "a pending export",
    "a redirect to another host, in its query",
    "a redirect to another host, in its path",
    "a redirect to another host, in its fragment",
    "a redirect to another host, as its user",
    "a redirect to a file",
    "a finished export at another host",
    "the type of good rows",
    "tag and date of good rows",
    "a column beside good rows",
    "a header without good columns",
    "a coordinate",
    "an encoding",
    "a range",
];

/// Where a service says it.
const SERVICES: [&str; 9] = [
    "an error",
    "details of an error",
    "an error that is text",
    "its type",
    "names of layers",
    "a web page",
    "a member of another kind",
    "a spatial reference",
    "a column of good rows",
];

fn csv(columns: &str, rows: &str) -> Reply {
    Reply::bytes(
        "text/csv",
        format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT{columns}\n{rows}"),
    )
}

const ROW: &str = "1,A,48001,5,-95,35";

fn file(place: &str, said: &str, other: &str) -> Reply {
    let quoted = format!("\"{}\"", said.replace('"', "\"\""));
    let line: String = said
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { ' ' })
        .collect();
    let dense = line.replace(' ', "");
    match place {
        "a refusal" => Reply::html(403, &format!("you sent {said} which is wrong")),
        "a web page" => Reply::html(200, said),
        "a failed export" => Reply::json(&json!({"status": format!("Failed for {said}")})),
        "an error in JSON" => Reply::json(&json!({"error": {"code": 400, "message": said}})),
        "a pending export" => Reply::json(&json!({"status": "Failed", "resultUrl": said})),
        "a redirect to another host, in its query" => Reply::redirect(&format!("{other}/x?next=a%3D{dense}")),
        "a redirect to another host, in its path" => Reply::redirect(&format!("{other}/x/{dense}/y.csv")),
        "a redirect to another host, in its fragment" => Reply::redirect(&format!("{other}/x#{dense}")),
        "a redirect to another host, as its user" => {
            Reply::redirect(&other.replace("//", &format!("//{}@", dense.replace(['/', '\\'], "%2F"))))
        }
        "a redirect to a file" => Reply::redirect(&format!("file:///etc/{dense}")),
        "a finished export at another host" => {
            Reply::json(&json!({"status": "Completed", "resultUrl": format!("{other}/x.csv?t={said}")}))
        }
        "the type of good rows" => csv("", ROW).header("Content-Type", &format!("text/csv; x={line}")),
        "tag and date of good rows" => csv("", ROW)
            .header("ETag", &format!("\"{line}\""))
            .header("Last-Modified", &line),
        "a column beside good rows" => csv(&format!(",{quoted}"), &format!("{ROW},1")),
        "a header without good columns" => Reply::bytes("text/csv", format!("{quoted},B\n1,2\n")),
        "a coordinate" => csv("", &format!("{ROW}\n2,B,48001,5,{quoted},35")),
        "an encoding" => csv("", ROW).header("Content-Encoding", &line),
        _ => csv("", ROW)
            .of(206)
            .header("Content-Range", &format!("bytes {line}")),
    }
}

fn service(place: &str, said: &str, request: &Request) -> Reply {
    let error = |message: &str, details: Value| {
        Reply::json(&json!({"error": {"code": 400, "message": message, "details": details}}))
    };
    let is_query = request.path.ends_with("/query");
    let field = |name: &str, kind: &str| json!({"name": name, "type": format!("esriFieldType{kind}")});
    let mut fields = vec![field("OBJECTID", "OID")];
    fields.extend(["ID", "NAME", "COUNTYFIPS", "BEDS"].map(|name| field(name, "String")));
    let mut attributes = json!({"ID": "1", "NAME": "A", "COUNTYFIPS": "48001", "BEDS": "5"});
    if place == "a column of good rows" {
        fields.push(field(said, "String"));
        attributes[said] = json!("x");
    }
    let layers = json!([{"id": 0, "name": said}, {"id": 1, "name": said}]);
    match place {
        "an error" => error(said, json!([])),
        "details of an error" => error("no", json!([said, said])),
        "an error that is text" => Reply::json(&json!({"error": said})),
        "its type" => Reply::json(&json!({"type": said})),
        "names of layers" if !is_query => Reply::json(&json!({"layers": layers})),
        "a web page" => Reply::html(403, said),
        "a member of another kind" => Reply::json(&json!({"type": "Table", "maxRecordCount": said})),
        _ if !is_query => Reply::json(&json!({
            "type": "Feature Layer", "fields": fields, "objectIdField": "OBJECTID", "maxRecordCount": 1,
            "geometryType": "esriGeometryPoint", "advancedQueryCapabilities": {"supportsPagination": true},
            "extent": {"spatialReference": {"wkid": 4326}}
        })),
        _ if request.is("returnCountOnly") => Reply::json(&json!({"count": 2})),
        _ if request.is("returnIdsOnly") => Reply::json(&json!({"objectIds": [1, 2]})),
        _ => {
            let at = request.number_of("resultOffset").unwrap_or(0);
            let odd = place == "a spatial reference" && at > 0;
            let reference = if odd {
                json!({"wkt": said})
            } else {
                json!({"wkid": 4326})
            };
            attributes["OBJECTID"] = json!(at + 1);
            attributes["ID"] = json!(format!("{at}"));
            let row = json!({"attributes": attributes, "geometry": {"x": -95, "y": 35}});
            let rows = if at > 1 { vec![] } else { vec![row] };
            Reply::json(
                &json!({"geometryType": "esriGeometryPoint", "spatialReference": reference,
                "fields": fields, "features": rows, "exceededTransferLimit": at == 0}),
            )
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts of the trial")]
fn no_spelling_of_a_secret_is_shown_or_sent_on() {
    let other = Server::start(|_| csv("", ROW));
    let target = other.url("");
    let server = Server::start(move |request| {
        let steps: Vec<&str> = request.path.split('/').skip(1).collect();
        let number = |at: usize| steps[at].parse::<usize>().unwrap();
        match steps[0] {
            "file" => file(FILES[number(1)], &form(number(2), SECRET), &target),
            "service" => service(SERVICES[number(1)], &form(number(2), SECRET), request),
            "given" => service(SERVICES[number(1)], &form(number(2), TOKEN), request),
            "login" => Reply::json(&json!({"token": TOKEN})),
            // A login that is repeated, or sent to another host with all that was posted.
            "refused" => Reply::json(&json!({"error": {"message": form(number(1), SECRET), "details": []}})),
            "moved" => Reply::redirect(&format!("{target}/login")).of(307),
            path => panic!("{path}"),
        }
    });
    let (folder, echoes) = folder(&server);
    let mut said = String::new();
    for arguments in [
        &["run", "pipeline.toml", "-vv", "--format", "json"][..],
        &[
            "run",
            "pipeline.toml",
            "--offline",
            "--rebuild",
            "--log-format",
            "json",
        ],
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
    let mut texts = vec![("stdout and stderr".to_owned(), said)];
    collect(&folder.path().join("store"), &mut texts);
    let leaks: Vec<String> = texts.iter().flat_map(|(name, text)| leaks(name, text)).collect();
    assert!(
        leaks.is_empty(),
        "{} leaks:\n{}",
        leaks.len(),
        leaks[..leaks.len().min(20)].join("\n")
    );
    let sent = other.requests();
    let elsewhere: Vec<String> = sent.iter().map(|request| format!("{request:?}")).collect();
    assert_eq!(
        elsewhere
            .iter()
            .flat_map(|text| self::leaks("the other host", text))
            .collect::<Vec<_>>(),
        [""; 0]
    );
    assert!(
        !elsewhere
            .iter()
            .any(|request| request.to_lowercase().contains("referer"))
    );
    println!("{echoes} echoes, {} texts searched, 0 leaks", texts.len());
    assert!(echoes >= 400 && texts.len() > 400);
}

/// A layer per place and spelling.
fn folder(server: &Server) -> (Folder, usize) {
    let mut layers = String::new();
    let mut add = |id: String, source: String| {
        layers +=
            &format!("\n[[layer]]\nid = \"{id}\"\nschema = \"points\"\ninventory = false\nsource.{source}\n");
    };
    let csv = "csv = { x = \"LON\", y = \"LAT\" }, crs = \"EPSG:4326\", extension = \"csv\"";
    let token = "auth = { token = \"CIKR_T_SECRET\" }";
    let login = |url: &str| {
        format!(
            "auth = {{ login = {{ url = \"{url}\", user = \"CIKR_T_USER\", password = \"CIKR_T_SECRET\" }} }}"
        )
    };
    let mut echoes = 0;
    for form in 0..FORMS {
        for (place, _) in FILES.iter().enumerate() {
            let url = server.url(&format!("/file/{place}/{form}"));
            // A bearer and a value in the URL are secrets, too.
            let source = match (form + place) % 3 {
                0 => format!("http = {{ url = \"{url}\", {csv}, {token} }}"),
                1 => format!("http = {{ url = \"{url}\", {csv}, auth = {{ bearer = \"CIKR_T_SECRET\" }} }}"),
                _ => format!("http = {{ url = \"{url}?k=${{CIKR_T_SECRET}}\", {csv} }}"),
            };
            add(format!("file_{place}_{form}"), source);
            echoes += 1;
        }
        for (place, name) in SERVICES.iter().enumerate() {
            let end = if *name == "names of layers" { "" } else { "/0" };
            for (kind, auth) in [
                ("service", token.to_owned()),
                ("given", login(&server.url("/login"))),
            ] {
                let url = server.url(&format!("/{kind}/{place}/{form}/FeatureServer{end}"));
                add(
                    format!("{kind}_{place}_{form}"),
                    format!("arcgis = {{ url = \"{url}\", {auth} }}"),
                );
                echoes += 1;
            }
        }
        let auth = login(&server.url(&format!("/refused/{form}")));
        let url = server.url(&format!("/service/0/{form}/FeatureServer/0"));
        add(
            format!("refused_{form}"),
            format!("arcgis = {{ url = \"{url}\", {auth} }}"),
        );
        echoes += 1;
    }
    let url = server.url("/service/0/0/FeatureServer/0");
    add(
        "moved".to_owned(),
        format!("arcgis = {{ url = \"{url}\", {} }}", login(&server.url("/moved"))),
    );
    add(
        "good".to_owned(),
        format!("http = {{ url = \"{}\", {csv} }}", server.url("/file/11/0")),
    );
    let folder = Folder::new();
    folder.schema("points", "point", "").pipeline(&layers);
    (folder, echoes + 1)
}

fn cikr(folder: &Folder, arguments: &[&str]) -> Ended {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cikr"));
    program.args(arguments).current_dir(folder.path());
    program.envs([("CIKR_T_USER", "us3r n4me"), ("CIKR_T_SECRET", SECRET)]);
    ended(&program.output().unwrap())
}

/// Names and contents of every file but landed bodies; of tables the texts in them.
fn collect(folder: &Path, texts: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, texts);
            continue;
        }
        let name = path.display().to_string();
        let is_record = name.ends_with(".json") && !name.contains("/pages/");
        let text = if name.ends_with(".parquet") {
            format!("{:?}", cikr::geoparquet::read(&path, None).unwrap())
        } else if name.contains("/landing/") && !is_record {
            String::new()
        } else {
            String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
        };
        texts.push((name.clone(), format!("{name} {text}")));
    }
}

/// Where a text holds a secret in one of the spellings, or a good part of it, however often it was escaped on the way.
fn leaks(name: &str, text: &str) -> Vec<String> {
    let bare = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_lowercase()
    };
    let dense = bare(
        &text
            .replace("\\\\", "\\")
            .replace("&amp;", "&")
            .replace("&quot;", "\""),
    );
    let mut found = Vec::new();
    for secret in [SECRET, TOKEN] {
        for number in 0..FORMS {
            let spelling = bare(&form(number, secret));
            // The more characters a letter takes, the more of them stand for the same part.
            let size = (RUN * spelling.len() / secret.len()).clamp(RUN, spelling.len());
            let mut parts = (0..=spelling.len() - size).map(|at| &spelling[at..at + size]);
            if let Some(at) = parts.find_map(|part| dense.find(part)) {
                let around = &dense[at.saturating_sub(60)..(at + 60).min(dense.len())];
                found.push(format!("{name}: spelling {number}: …{around}…"));
            }
        }
    }
    found
}

/// What drives a terminal, turns a line around or can't be seen, and what is HTML or Markdown, wherever a source can say it.
#[test]
fn what_a_source_says_is_seen_as_it_is() {
    const BAD: &str = "\u{1b}[31m\u{9b}\u{202e}\u{2066}\u{200b}\u{61c}\u{2028}\u{7f}<script>alert(1)</script>[a](javascript:b)![c](d)|`e`";
    let service = Server::start(|_| Reply::json(&json!({"error": {"code": 400, "message": BAD}})));
    let folder = Folder::new();
    folder.schema("points", "point", "");
    folder.write(
        "good.csv",
        format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT,{BAD}\n1,A,48001,1,-95,35,x\n2,B,48001,1,{BAD},35,x\n"),
    );
    folder.write("bad.csv", format!("{BAD},B\n1,2\n"));
    folder.write(
        "bad.geojson",
        format!("{{\"type\":\"{BAD}\"}}").replace('\u{1b}', "\\u001b"),
    );
    let csv = |id: &str, path: &str| {
        format!(
            "[[layer]]\nid = \"{id}\"\nschema = \"points\"\nsource.csv = {{ path = \"{path}\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }}\n"
        )
    };
    let url = service.url("/FeatureServer/0");
    folder.pipeline(
        &[
            csv("good", "good.csv"),
            csv("bad", "bad.csv"),
            "[[layer]]\nid = \"shapes\"\nschema = \"points\"\nsource.geojson = { path = \"bad.geojson\" }\n"
                .to_owned(),
            format!(
                "[[layer]]\nid = \"service\"\nschema = \"points\"\nsource.arcgis = {{ url = \"{url}\" }}\n"
            ),
        ]
        .concat(),
    );
    let mut said = Vec::new();
    for arguments in [
        &["run", "pipeline.toml", "-vv"][..],
        &[
            "run",
            "pipeline.toml",
            "--log-format",
            "json",
            "--format",
            "json",
            "--rebuild",
        ],
        &["layers", "pipeline.toml"],
        &["landing", "pipeline.toml"],
        &["fetch", "pipeline.toml"],
        &["draft", "good.csv", "--into", "drafts"],
    ] {
        let ended = folder.cikr(arguments);
        said.push((format!("{arguments:?}"), ended.stdout + &ended.stderr));
    }
    let release = folder.latest();
    for name in ["README.md", "report.html", "report.json", "catalog.json"] {
        said.push((name.to_owned(), fs::read_to_string(release.join(name)).unwrap()));
    }
    said.push((
        "feed".to_owned(),
        fs::read_to_string(folder.path().join("store/public/feed.xml")).unwrap(),
    ));
    for (name, text) in &said {
        let hidden = text.chars().find(|c| cikr::feature::is_invisible(*c));
        assert_eq!(hidden, None, "{name}: {text}");
        let is_shown = ["README.md", "report.html", "feed"].contains(&name.as_str());
        assert!(!(is_shown && text.contains("<script>alert")), "{name}: {text}");
    }
    let readme = &said.iter().find(|(name, _)| name == "README.md").unwrap().1;
    assert!(
        readme.contains("\\<script\\>alert(1)") && readme.contains("\\[a\\](javascript:b)\\!\\[c\\](d)\\|"),
        "{readme}"
    );
    let shown = said
        .iter()
        .filter(|(_, text)| text.contains("u{202e}") || text.contains("\\u202e"))
        .count();
    assert!(shown >= 5, "it is told of, visibly: {shown}");
}
