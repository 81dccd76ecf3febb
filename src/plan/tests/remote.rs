//! `source.http` and `source.arcgis`: what they become, and what is said about mistakes in them.

use super::super::{ArcgisPlan, Credential, HttpPlan, Location, PageFormat, Plan, Variables, json_schema};
use super::mistakes::mistakes;
use super::{Overrides, PIPELINE, load_with};
use crate::config::file_keys;

const SECRET: &str = "s3cr3t/4f 7a";

fn variables() -> Overrides {
    let variables = Variables(|name| match name {
        "KEY" => Some(SECRET.to_owned()),
        "HOST" => Some("data.example.org".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    });
    Overrides {
        variables,
        ..Overrides::default()
    }
}

/// The demonstration with another source for its second layer.
fn pipeline(source: &str) -> String {
    let was = "source.ogr = { path = \"../data/absent.gdb.zip\", layer = \"Clinics\" }";
    assert!(PIPELINE.contains(was), "{PIPELINE}");
    PIPELINE.replace(was, &format!("source.{source}"))
}

fn planned(source: &str) -> Plan {
    let written = pipeline(source);
    let (loaded, root) = load_with(&[("pipelines/demo.toml", &written)], &variables());
    match loaded {
        Ok((plan, warnings)) => {
            assert!(warnings.is_empty(), "{warnings:?}");
            plan
        }
        Err(found) => panic!("{}", crate::config::render(&found, false).replace(&root, "")),
    }
}

fn http(source: &str) -> HttpPlan {
    match &planned(source).layers[1].source.location {
        Location::Http(plan) => plan.clone(),
        other => panic!("{other:?}"),
    }
}

fn arcgis(source: &str) -> ArcgisPlan {
    match &planned(source).layers[1].source.location {
        Location::Arcgis(plan) => plan.clone(),
        other => panic!("{other:?}"),
    }
}

fn said(sources: &[&str]) -> String {
    let one = |source: &&str| mistakes(&[("pipelines/demo.toml", &pipeline(source))], &variables());
    sources.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_behind_http_is_read_like_a_local_one() {
    let plan = http(
        r#"http = { url = "https://${HOST}/a.zip?k=${KEY}", ogr = { layer = "A" }, max-bytes = "2 MiB", timeout-s = 5, sha256 = "ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789" }"#,
    );
    assert_eq!(
        plan.url.reveal(),
        format!("https://data.example.org/a.zip?k={SECRET}")
    );
    assert_eq!(
        (plan.extension.as_str(), plan.max_bytes, plan.access.timeout_s),
        ("zip", 2 << 20, 5)
    );
    assert_eq!(plan.sha256.unwrap(), "abcdef0123456789".repeat(4));
    assert_eq!(plan.access.hidden.len(), 2);
}

#[test]
fn secrets_are_used_and_shown_nowhere() {
    let source = r#"arcgis = { url = "https://${HOST}/FeatureServer/0", auth = { login = { url = "https://${HOST}/generateToken", user = "KEY", password = "KEY" } } }"#;
    let plan = planned(&source.replace("https://${HOST}/gen", "https://data.example.org/gen"));
    for text in [format!("{plan:?}"), serde_json::to_string(&plan).unwrap()] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains("https://${HOST}/FeatureServer/0"), "{text}");
    }
    let Location::Arcgis(plan) = &plan.layers[1].source.location else {
        panic!("{plan:?}")
    };
    let Credential::Login { user, password, .. } = &plan.access.credential else {
        panic!("{plan:?}")
    };
    assert_eq!((user.reveal(), password.reveal()), (SECRET, SECRET));
}

#[test]
fn what_is_not_written_has_its_default() {
    let plan = arcgis(r#"arcgis = { url = "https://a.gov/x/FeatureServer/0" }"#);
    assert_eq!(
        (plan.layer.as_deref(), plan.filter.as_str(), plan.pages),
        (None, "1=1", PageFormat::Json)
    );
    assert_eq!(
        (plan.page_rows, plan.at_once, plan.max_bytes),
        (2_000, 4, 16 << 30)
    );
    assert_eq!((plan.access.timeout_s, plan.access.is_insecure), (60, false));
    let named = |layer: &str| {
        arcgis(&format!(
            "arcgis = {{ url = \"http://localhost:9/FeatureServer\", layer = {layer}, pages = \"pbf\" }}"
        ))
    };
    assert_eq!(named("3").layer.as_deref(), Some("3"));
    assert_eq!(
        (named("\"Dams\"").layer.as_deref(), named("3").pages),
        (Some("Dams"), PageFormat::Pbf)
    );
    let extension = |url: &str, kind: &str| {
        http(&format!("http = {{ url = \"https://a.gov/{url}\", {kind} }}")).extension
    };
    assert_eq!(extension("a", "geojson = {}"), "geojson");
    assert_eq!(extension("a.GPKG?x=y.zip", "ogr = {}"), "gpkg");
    assert_eq!(extension("export", "ogr = {}"), "zip");
    assert_eq!(extension("export", "ogr = {}, extension = \"fgb\""), "fgb");
}

#[test]
fn every_mistake_has_its_place() {
    insta::assert_snapshot!(said(&[
        r#"http = { csv = { x = "X", y = "Y" } }"#,
        r#"http = { url = "https://a.gov/a" }"#,
        r#"http = { url = "https://a.gov/a", csv = { path = "a", x = "X", yy = "Y" }, geojson = {} }"#,
        r#"http = { url = "ftp://a.gov/a", geojson = {}, maxbytes = 3, sha256 = "12", extension = ".ZIP" }"#,
        r#"http = { url = "https://me:pass@a.gov/a", geojson = {}, timeout-s = 0, max-bytes = "1 elephant" }"#,
        r#"http = { url = "https://a.gov/${NO}", geojson = {}, auth = { token = "NONE", bearer = "EMPTY" } }"#,
        r#"http = { url = "a.gov/a", geojson = {}, auth = { basic = { user = "KEY" } } }"#,
        r#"http = { url = "http://a.gov/a", geojson = {}, auth = { token = "not-a-name" } }"#,
        r#"http = { url = "http://127.0.0.1/a", geojson = {}, auth = { tokn = "KEY" } }"#,
        r#"arcgis = { url = "https://a.gov/FeatureServer/0?token=1", layer = 2, page-rows = 0, pages = "jsn" }"#,
        r#"arcgis = { url = "https://a.gov/x", auth = { login = { url = "http://a.gov", user = "KEY", password = "KEY" } } }"#,
        r#"arcgis = { url = "https://a.gov/x", at-once = 65, layer = true, were = "A" }"#,
        r#"http = { url = "https://a.gov/a?x=1&apiKey=12&token=${KEY}", geojson = {} }"#,
        r#"archgis = { url = "https://a.gov/x" }"#,
    ]), @r#"
    pipelines/demo.toml:32:15: `http` has no `url`
    pipelines/demo.toml:32:15: nothing says how to read what the URL answers (say one of `csv = { … }`, `geojson = { … }`, `geojsonl = { … }`, `ogr = { … }`, `parquet = { … }`, `xlsx = { … }`)
    pipelines/demo.toml:32:50: `csv` has no key `path` (known: `x`, `y`, `wkt`, `null`, `delimiter`, `header-row`, `skip`)
    pipelines/demo.toml:32:66: `x` needs a `y`
    pipelines/demo.toml:32:71: `csv` has no key `yy` (did you mean `y`?)
    pipelines/demo.toml:32:83: the file is already `csv`; it cannot be `geojson` too
    pipelines/demo.toml:32:23: `url` starts with neither `https://` nor `http://` (write an address such as `https://data.example.org/file.csv`)
    pipelines/demo.toml:32:54: `http` has no key `maxbytes` (did you mean `max-bytes`?)
    pipelines/demo.toml:32:77: this is no SHA-256 (write the 64 hexadecimal digits that `sha256sum` prints)
    pipelines/demo.toml:32:95: `.ZIP` cannot be an extension (write it as `zip`, without a dot)
    pipelines/demo.toml:32:23: `url` holds a user name or password; name variables of the environment in `auth` (write an address such as `https://data.example.org/file.csv`)
    pipelines/demo.toml:32:76: `timeout-s` is 0, outside 1 to 3600
    pipelines/demo.toml:32:91: `max-bytes` is text, not a size such as `16 MiB`
    pipelines/demo.toml:32:23: there is no variable `NO` in the environment (set it for the program, as in `NO=… cikr run …`)
    pipelines/demo.toml:32:69: `auth` is already `bearer`; it cannot be `token` too
    pipelines/demo.toml:32:94: the variable `EMPTY` of the environment is empty
    pipelines/demo.toml:32:23: `url` is no address (write an address such as `https://data.example.org/file.csv`)
    pipelines/demo.toml:32:65: `basic` has no `password`
    pipelines/demo.toml:32:23: `auth` over http shows the credentials to everyone on the way (credentials are sent over https alone, or within this machine)
    pipelines/demo.toml:32:72: this is no name of a variable (write the name of a variable of the environment, never the value)
    pipelines/demo.toml:32:66: no way to authenticate is given (say one of `basic`, `bearer`, `login`, `token`)
    pipelines/demo.toml:32:68: `auth` has no key `tokn` (did you mean `token`?)
    pipelines/demo.toml:32:25: the value of `token` stands in the URL (take its value from the environment, `${NAME}`, or say who asks in `auth`)
    pipelines/demo.toml:32:25: the URL of a layer has no query (the puller adds its own parameters; rows are chosen by `where`, a token by `auth`)
    pipelines/demo.toml:32:74: the URL ends with a layer already, `0`
    pipelines/demo.toml:32:89: `page-rows` is 0, outside 1 to 100000
    pipelines/demo.toml:32:100: `jsn` is not a wire format (did you mean `json`?)
    pipelines/demo.toml:32:69: `auth` over http shows the credentials to everyone on the way (credentials are sent over https alone, or within this machine)
    pipelines/demo.toml:32:54: `at-once` is 65, outside 1 to 64
    pipelines/demo.toml:32:66: `layer` is `true` or `false`, not text or a whole number (put it in quotes)
    pipelines/demo.toml:32:72: `arcgis` has no key `were` (did you mean `where`?)
    pipelines/demo.toml:32:23: the value of `apiKey` stands in the URL (take its value from the environment, `${NAME}`, or say who asks in `auth`)
    pipelines/demo.toml:32:1: no kind of source is given (a source is one of `source.arcgis`, `source.csv`, `source.geojson`, `source.geojsonl`, `source.http`, `source.ogr`, `source.parquet`, `source.xlsx`)
    pipelines/demo.toml:32:8: `source` has no key `archgis` (did you mean `arcgis`?)
    "#);
}

#[test]
fn the_json_schema_takes_what_the_plan_takes() {
    let schema = json_schema(
        super::super::WrittenFile::Pipeline,
        &super::super::Reference::default(),
        &[],
    );
    let source = &schema["properties"]["layer"]["items"]["properties"]["source"]["properties"];
    assert_eq!(
        source["http"]["oneOf"].as_array().unwrap().len(),
        file_keys().len()
    );
    assert_eq!(
        source["http"]["properties"]["csv"]["oneOf"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(source["arcgis"]["properties"]["page-rows"]["default"], 2_000);
    assert_eq!(
        source["arcgis"]["properties"]["auth"]["oneOf"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}
