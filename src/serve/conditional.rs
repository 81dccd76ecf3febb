//! Conditions and ranges of requests (RFC 9110, sections 13 and 14): what of an answer is sent.
//!
//! Pure. One range is answered; several are a request for the whole, which the standard allows.

use std::ops::Range;

use axum::http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderValue, Method, StatusCode};

use super::answer::{Answer, Content};
use super::request::Request;

/// The mark of bytes with a digest.
pub(super) fn etag_of(sha256: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{sha256}\"")).ok()
}

/// What of a whole answer with a mark is sent to whoever has some of it, or wants a part.
pub(super) fn conditional(request: &Request, whole: Answer) -> Answer {
    let etag = whole.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
    let Some(etag) = etag.map(str::to_owned) else {
        return whole;
    };
    if request
        .header(IF_NONE_MATCH.as_str())
        .is_some_and(|known| has_mark(known, &etag))
    {
        let mut same = Answer {
            status: StatusCode::NOT_MODIFIED,
            ..whole
        };
        same.content = Content::Bytes(bytes::Bytes::new());
        same.headers.remove(CONTENT_TYPE);
        return same;
    }
    let whole = whole.with_header(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let is_same = request
        .header(IF_RANGE.as_str())
        .is_none_or(|known| known == etag);
    // A range is of GET alone.
    match request.header(RANGE.as_str()) {
        Some(range) if is_same && request.method == Method::GET => part_of(whole, range),
        _ => whole,
    }
}

/// Whether a list of marks has one, or is `*`; weak marks compare like strong ones here.
fn has_mark(list: &str, etag: &str) -> bool {
    let mut marks = list.split(',').map(str::trim);
    marks.any(|mark| mark == "*" || mark.strip_prefix("W/").unwrap_or(mark) == etag)
}

fn part_of(whole: Answer, range: &str) -> Answer {
    let length = whole.content.len();
    match asked_range(range, length) {
        Asked::Whole => whole,
        Asked::Nothing => Answer::empty(StatusCode::RANGE_NOT_SATISFIABLE)
            .with_header(CONTENT_RANGE, header(&format!("bytes */{length}"))),
        Asked::Part(part) => {
            let told = header(&format!("bytes {}-{}/{length}", part.start, part.end - 1));
            let content = cut(whole.content, &part);
            Answer {
                status: StatusCode::PARTIAL_CONTENT,
                headers: whole.headers,
                content,
            }
            .with_header(CONTENT_RANGE, told)
        }
    }
}

fn header(digits: &str) -> HeaderValue {
    HeaderValue::from_str(digits).unwrap_or(HeaderValue::from_static(""))
}

fn cut(content: Content, part: &Range<u64>) -> Content {
    match content {
        Content::Part { file, range } => Content::Part {
            file,
            range: range.start + part.start..range.start + part.end,
        },
        Content::Bytes(bytes) => {
            let place = |at: u64| usize::try_from(at).unwrap_or(bytes.len()).min(bytes.len());
            Content::Bytes(bytes.slice(place(part.start)..place(part.end)))
        }
    }
}

/// What a header `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Nothing,
}

fn asked_range(header: &str, length: u64) -> Asked {
    let range = header
        .split_once('=')
        .filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"))
        .map(|(_, range)| range.trim());
    // Neither understood nor several: the whole.
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return Asked::Whole;
    };
    if range.is_some_and(|range| range.contains(',')) {
        return Asked::Whole;
    }
    let part = match (number(first), number(last)) {
        (None, Some(count)) if first.is_empty() => length.saturating_sub(count)..length,
        (Some(from), None) if last.is_empty() => from..length,
        (Some(from), Some(to)) if from <= to => from..to.saturating_add(1).min(length),
        _ => return Asked::Whole,
    };
    if part.start < part.end {
        Asked::Part(part)
    } else {
        Asked::Nothing
    }
}

/// Digits alone: `parse` would take a sign.
fn number(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_the_standard_says() {
        let cases = [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=2-4", Asked::Part(2..5)),
            ("Bytes= 2-", Asked::Part(2..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-30", Asked::Part(0..10)),
            ("bytes=5-99999999999999999999999", Asked::Part(5..10)),
            ("bytes=10-", Asked::Nothing),
            ("bytes=99999999999999999999999-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=4-2", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("rows=1-2", Asked::Whole),
        ];
        for (header, expected) in cases {
            assert_eq!(asked_range(header, 10), expected, "{header}");
        }
        assert_eq!(asked_range("bytes=0-", 0), Asked::Nothing, "an empty file");
    }

    #[test]
    fn a_list_of_marks_is_looked_through() {
        assert!(has_mark("\"a\", W/\"b\"", "\"b\"") && has_mark("*", "\"b\""));
        assert!(!has_mark("\"a\"", "\"b\"") && !has_mark("b", "\"b\""));
    }
}
