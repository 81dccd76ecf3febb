//! A part of a file: a request for a range, and what of its answer is believed (RFC 9110, section 14).

use std::cell::Cell;
use std::ops::Range;

use super::body::Stream;
use super::error::HttpError;
use super::question::Open;
use super::request::Request;
use super::{Client, ContentRange};

impl Client {
    /// Asks for a part of a file until it is there, whole. The headers of `open` go with it.
    ///
    /// # Errors
    /// There is none after every attempt, what came is another part, or the server knows no ranges.
    pub fn ask_part(&self, open: &Open<'_>, part: &Range<u64>) -> Result<Vec<u8>, HttpError> {
        if part.start >= part.end {
            return Ok(vec![]);
        }
        let mut headers = open.headers.to_vec();
        headers.push((RANGE, format!("bytes={}-{}", part.start, part.end - 1)));
        let request = Request {
            url: open.url,
            form: &[],
            access: open.access,
            accept: open.accept,
            headers: &headers,
            posted: None,
            is_compressed: false,
            sent: Cell::default(),
            until: open.until,
        };
        let (body, _) = self.with_retries(&request, || {
            let stream = self.follow_redirects(&request)?;
            read_part(stream, part)
        })?;
        Ok(body)
    }
}

/// Name of the header.
const RANGE: &str = "range";

fn read_part(mut stream: Stream<'_>, part: &Range<u64>) -> Result<Vec<u8>, HttpError> {
    let length = part.end - part.start;
    let told = stream.content_range();
    let is_part = match (stream.status(), told) {
        (206, Some(ContentRange { first, end, .. })) => first == part.start && end == part.end,
        // A file that is no longer than what was asked for may come as a whole.
        (200, _) => part.start == 0 && stream.length() == Some(length),
        _ => false,
    };
    if !is_part && stream.status() == 200 {
        return Err(HttpError::NoRanges {
            url: stream.shown().to_owned(),
        });
    }
    let mut body = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    if is_part {
        stream.for_each_piece(length, |piece| {
            body.extend_from_slice(piece);
            Ok::<_, HttpError>(())
        })?;
    }
    if body.len() as u64 == length {
        return Ok(body);
    }
    let given = match told {
        Some(told) if !is_part => format!("bytes {} to {}", told.first, told.end),
        _ => format!("{} bytes", body.len()),
    };
    Err(HttpError::Part {
        url: stream.shown().to_owned(),
        asked: format!("bytes {} to {}", part.start, part.end),
        given,
    })
}
