//! Asks, and tells answers from errors that look like answers.
//!
//! ArcGIS reports errors inside a 200; proxies answer with HTML. Both become an `ArcgisError` here, so that nobody
//! further up mistakes them for rows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::ArcgisError;
use super::pbf;
use super::wire::{Response, Wire};
use crate::feature::bare_words;

/// The top level of an answer, each value as the server wrote it.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Times that a question is asked which can't be made smaller.
pub(super) const PATIENT: u32 = 6;

/// Largest page as JSON, bytes, where it came as protocol buffers: few of these can stand for very much.
const LARGEST: usize = 128 << 20;

/// The answer to `form`, its body JSON, asked up to `tries` times while the trouble may pass; a token that has
/// expired is renewed once.
pub(super) fn ask_service(
    wire: &dyn Wire,
    url: &str,
    form: &[(&str, String)],
    tries: u32,
) -> Result<Response, ArcgisError> {
    let mut asked = 0;
    let mut is_renewed = false;
    let mut token = None;
    loop {
        asked += 1;
        // A token runs out in the middle of a long pull (codes 498 and 499 inside a 200), so one renewal costs no
        // attempt; a service that refuses the new one too would refuse any.
        match ask_once(wire, url, form, &mut token) {
            Err(error) if error.is_token() && !is_renewed && wire.renew_token(token) => is_renewed = true,
            Err(error) if error.is_worth_another_try() && asked < tries => {
                tracing::debug!(asked, reason = %error, "asking again");
                wire.wait_to_ask_again(asked);
            }
            answer => return answer,
        }
    }
}

/// `token` becomes the number of the token that was sent.
fn ask_once(
    wire: &dyn Wire,
    url: &str,
    form: &[(&str, String)],
    token: &mut Option<u32>,
) -> Result<Response, ArcgisError> {
    let shown = wire.without_secrets(url);
    let mut response = wire.ask(url, form).map_err(|source| ArcgisError::Wire {
        url: shown.clone(),
        source,
    })?;
    *token = response.token;
    // From here on a page is one kind of text, whatever it came as.
    if pbf::is_pbf(&response.body) {
        let json = pbf::to_json(&response.body, LARGEST);
        response.body = json.map_err(|source| ArcgisError::Pbf {
            url: shown.clone(),
            source,
        })?;
    }
    // Some servers write NaN and Infinity bare, which JSON does not have. The body is mended only once it has failed
    // to parse: looking for bare words in every page would cost a pass over all bytes of a pull.
    let mut said = parse_members(&shown, &response.body).map(drop);
    if said.is_err()
        && let Some(json) = bare_words::without_bare_words(&response.body)
    {
        response.body = json;
        said = parse_members(&shown, &response.body).map(drop);
    }
    said.map(|()| response)
        .map_err(|error| error.hide_server_text(|text| wire.server_text(text)))
}

/// The top level of a body that is no error.
pub(super) fn parse_members<'a>(url: &str, body: &'a [u8]) -> Result<Members<'a>, ArcgisError> {
    let members: Members<'_> = serde_json::from_slice(without_bom(body))
        .map_err(|fault| ArcgisError::not_json(url, body, &fault))?;
    // ArcGIS answers 200 with `{"error": …}`, so the status says nothing: a client that goes by it takes the error
    // for an answer (geoparquet-io issue 1134).
    match members.get("error") {
        Some(error) if error.get() != "null" => Err(service_error(url, error)),
        _ => Ok(members),
    }
}

/// A body as `T`, after it turned out to be no error.
pub(super) fn parse_json<'a, T: Deserialize<'a>>(url: &str, body: &'a [u8]) -> Result<T, ArcgisError> {
    serde_json::from_slice(without_bom(body)).map_err(|fault| ArcgisError::not_json(url, body, &fault))
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    code: Option<i64>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Option<serde_json::Value>,
}

fn service_error(url: &str, error: &RawValue) -> ArcgisError {
    let (code, message) = match serde_json::from_str::<ErrorBody>(error.get()) {
        Ok(body) => (body.code.unwrap_or(500), service_message(body)),
        Err(_) => (500, error.get().to_owned()),
    };
    ArcgisError::Service {
        url: url.to_owned(),
        code,
        message,
    }
}

/// Message and details; either may be missing, empty, or say the same.
fn service_message(body: ErrorBody) -> String {
    // `details` may be missing, null, a list or one text, and often repeats the message.
    let details = match body.details {
        Some(serde_json::Value::Array(lines)) => lines
            .iter()
            .filter_map(|line| line.as_str().map(str::to_owned))
            .collect(),
        Some(serde_json::Value::String(line)) => vec![line],
        _ => vec![],
    };
    let mut parts: Vec<String> = body.message.into_iter().chain(details).collect();
    parts.retain(|part| !part.trim().is_empty());
    parts.dedup();
    if parts.is_empty() {
        "no message".to_owned()
    } else {
        parts.join(" ")
    }
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::arcgis::{RequestTotals, WireError};

    #[track_caller]
    fn error(body: &str) -> ArcgisError {
        parse_members("u", body.as_bytes()).unwrap_err()
    }

    #[test]
    fn errors_inside_a_200_are_told_whatever_their_details() {
        for details in [r#","details":null"#, "", r#","details":[]"#, r#","details":"""#] {
            let error = error(&format!(
                r#"{{"error":{{"code":500,"message":"Failed"{details}}}}}"#
            ));
            assert_eq!(error.to_string(), "u answers with error 500: Failed");
            assert!(error.is_passing());
        }
        let refusal = error(
            r#"{"error":{"code":400,"message":"Pagination is not supported.","details":["Pagination is not supported."]}}"#,
        );
        assert_eq!(
            refusal.to_string(),
            "u answers with error 400: Pagination is not supported."
        );
        assert!(refusal.is_refusal() && !refusal.is_passing());
        assert!(error(r#"{"error":"down"}"#).is_passing());
        assert!(error(r#"{"error":{}}"#).to_string().ends_with("no message"));
    }

    #[test]
    fn a_token_is_neither_a_refusal_nor_passing() {
        for code in [498, 499] {
            let error = error(&format!(r#"{{"error":{{"code":{code},"message":"Token"}}}}"#));
            assert!(error.is_token() && !error.is_passing() && !error.is_refusal());
        }
        assert!(!error(r#"{"error":{"code":403,"message":"no"}}"#).is_refusal());
    }

    #[test]
    fn html_is_shown_and_may_pass() {
        let error = error("<html>\n <title>Batch size 0 too large</title>");
        assert!(
            error
                .to_string()
                .ends_with("beginning `<html> <title>Batch size 0 too large</title>`")
        );
        assert!(error.is_passing());
    }

    /// Answers everything with the same bytes.
    struct Fixed(&'static [u8]);

    impl Wire for Fixed {
        fn ask(&self, _: &str, _: &[(&str, String)]) -> Result<Response, WireError> {
            Ok(Response {
                body: self.0.to_vec(),
                ..Response::default()
            })
        }

        fn renew_token(&self, _: Option<u32>) -> bool {
            false
        }

        fn without_secrets(&self, text: &str) -> String {
            text.to_owned()
        }

        fn request_totals(&self) -> RequestTotals {
            RequestTotals::default()
        }
    }

    #[test]
    fn protocol_buffers_are_the_same_page_as_json() {
        let body = ask_service(&Fixed(&[0x12, 2, 0x0A, 0]), "u", &[], 1)
            .unwrap()
            .body;
        assert!(
            parse_members("u", &body).unwrap()["features"]
                .get()
                .trim_matches(['[', ']', '\n'])
                .is_empty()
        );
        let cut = ask_service(&Fixed(&[0x12, 9, 0x0A, 0]), "u", &[], 1).unwrap_err();
        assert!(
            cut.is_worth_another_try() && cut.to_string().contains("pages = \"json\""),
            "{cut}"
        );
    }

    /// Numbers that JSON doesn't have are texts that no reader takes for numbers: the page is kept.
    #[test]
    fn bare_words_are_no_reason_to_ask_again() {
        let page =
            br#"{"fields":[{"name":"A"}],"extent":{"xmin":NaN},"features":[{"attributes":{"A":-Infinity}}]}"#;
        let body = ask_service(&Fixed(page), "u", &[], 1).unwrap().body;
        let members = parse_members("u", &body).unwrap();
        assert_eq!(
            members["features"].get(),
            format!(r#"[{{"attributes":{{"A":{}}}}}]"#, bare_words::NOT_A_NUMBER)
        );
    }

    #[test]
    fn a_cut_body_is_no_answer() {
        assert!(error(r#"{"features":[{"attributes":{"OBJE"#).is_passing());
        assert!(
            parse_members("u", b"\xef\xbb\xbf{\"count\":3}")
                .unwrap()
                .contains_key("count")
        );
        assert!(
            parse_members("u", br#"{"error":null,"count":3}"#)
                .unwrap()
                .contains_key("count")
        );
    }
}
