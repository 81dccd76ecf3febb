//! The body of an answer: bounded in size and time, before and after decompression.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use reqwest::Version;
use reqwest::blocking::Response;
use reqwest::header::{
    AsHeaderName, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED, TRANSFER_ENCODING,
};

use super::error::{HttpError, error_chain};
use super::gate::Pass;
use super::mask::Mask;
use super::range::ContentRange;
use super::{Answer, Deadline};
use crate::feature::shorten_text;

/// Slower than this, bytes a second over a time-out's length, is as good as stopped.
const SLOWEST: u64 = 1 << 10;

/// Characters of a header that are shown.
const SHOWN: usize = 100;

const CHUNK: usize = 64 << 10;

/// An answer whose body is read piece by piece; it keeps its place at the host until it is dropped.
#[derive(Debug)]
pub struct Stream<'a> {
    response: Response,
    /// Length that the server promised: the response forgets it as its body is read.
    length: Option<u64>,
    _pass: Pass<'a>,
    shown: String,
    mask: Mask,
    pace: Pace,
    until: Deadline,
    bytes: u64,
    token: Option<u32>,
}

/// How fast the bytes come.
#[derive(Debug)]
struct Pace {
    window: Duration,
    began: Instant,
    bytes: u64,
}

impl<'a> Stream<'a> {
    pub(super) fn new(
        response: Response,
        pass: Pass<'a>,
        (shown, mask): (String, Mask),
        timeout_s: u32,
        until: Deadline,
    ) -> Self {
        let window = Duration::from_secs(u64::from(timeout_s));
        let pace = Pace {
            window,
            began: Instant::now(),
            bytes: 0,
        };
        let length = response.content_length();
        Self {
            response,
            length,
            _pass: pass,
            shown,
            mask,
            pace,
            until,
            bytes: 0,
            token: None,
        }
    }

    pub(super) fn with_token(self, token: Option<u32>) -> Self {
        Self { token, ..self }
    }

    /// Number of the token that was sent, for `Client::renew_token`; none where it can't be renewed.
    pub fn token(&self) -> Option<u32> {
        self.token
    }

    /// Status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header, where it is there and is text: to be understood, not to be shown.
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// A header as messages and records may show it.
    pub fn display_header(&self, name: impl AsHeaderName) -> Option<String> {
        let value = self.response.headers().get(name)?;
        Some(shorten_text(&self.mask.excerpt(value.as_bytes()), SHOWN))
    }

    /// `ETag`, as sent; none where it can't be kept, since it repeats a secret or is no plain text.
    pub fn etag(&self) -> Option<String> {
        self.mask.storable_header(self.header(ETAG)?)
    }

    /// `Last-Modified`, as `etag`.
    pub fn last_modified(&self) -> Option<String> {
        self.mask.storable_header(self.header(LAST_MODIFIED)?)
    }

    /// `Content-Type`, as it may be shown.
    pub fn content_type(&self) -> Option<String> {
        self.display_header(CONTENT_TYPE)
    }

    /// What a server says, as it may be shown.
    pub fn mask_text(&self, text: &str) -> String {
        self.mask.server_text(text)
    }

    /// Length that the server promises, of the body as sent.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Which part of the file the body is, where the server says so in words that can be understood.
    pub fn content_range(&self) -> Option<ContentRange> {
        ContentRange::parse(self.header(CONTENT_RANGE)?)
    }

    /// Whether the body's end is told apart from a connection that is lost: by its length, or by the last of its chunks.
    pub fn is_delimited(&self) -> bool {
        // HTTP/1.0 and `Connection: close` end a body by closing the connection, which looks just like losing it.
        // From HTTP/2 on frames say where the end is.
        let chunked = self.response.headers().get(TRANSFER_ENCODING);
        self.length().is_some() || chunked.is_some() || self.response.version() > Version::HTTP_11
    }

    /// URL that answered, without secrets.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Bytes that have come, as sent.
    pub fn wire_bytes(&self) -> u64 {
        self.bytes
    }

    /// The beginning of a body, on one line and without secrets.
    pub fn excerpt(&self, body: &[u8]) -> String {
        self.mask.excerpt(body)
    }

    /// Hands the body on, decompressed, piece by piece.
    ///
    /// # Errors
    /// It breaks off, comes too slowly, is larger than allowed or can't be decompressed; or `take` fails.
    pub fn for_each_piece<E: From<HttpError>>(
        &mut self,
        max_bytes: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        // Both sizes are bounded: some kilobytes of gzip can stand for gigabytes.
        if self.length().is_some_and(|length| length > max_bytes) {
            return Err(self.too_large(max_bytes, false).into());
        }
        let encoding = self
            .header(CONTENT_ENCODING)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut failure = None;
        let mut wire = Wire {
            stream: self,
            max_bytes,
            failure: &mut failure,
        };
        let outcome = match encoding.as_str() {
            "" | "identity" => drain_body(&mut wire, max_bytes, &mut take),
            "gzip" | "x-gzip" => drain_body(&mut MultiGzDecoder::new(&mut wire), max_bytes, &mut take),
            "deflate" => drain_body(&mut ZlibDecoder::new(&mut wire), max_bytes, &mut take),
            other => {
                let other = shorten_text(&wire.stream.mask.server_text(other), SHOWN);
                Err(Stop::Decode(format!(
                    "`Content-Encoding: {other}` was not asked for"
                )))
            }
        };
        // What happened on the wire is the cause of what the decoder says.
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        match outcome {
            Ok(()) => Ok(()),
            Err(Stop::Taker(error)) => Err(error),
            Err(Stop::Large) => Err(self.too_large(max_bytes, !encoding.is_empty()).into()),
            Err(Stop::Decode(what)) => Err(HttpError::Encoding {
                url: self.shown.clone(),
                what,
            }
            .into()),
        }
    }

    /// The whole body.
    pub(super) fn read_whole(mut self, max_bytes: u64) -> Result<Answer, HttpError> {
        let mut body = Vec::new();
        self.for_each_piece(max_bytes, |piece| {
            body.extend_from_slice(piece);
            Ok::<_, HttpError>(())
        })?;
        Ok(Answer {
            status: self.status(),
            content_type: self.content_type(),
            etag: self.etag(),
            last_modified: self.last_modified(),
            body,
            wire_bytes: self.bytes,
            retries: 0,
            token: self.token,
            seconds: 0.0,
        })
    }

    pub(super) fn response(&self) -> &Response {
        &self.response
    }

    pub(super) fn response_mut(&mut self) -> &mut Response {
        &mut self.response
    }

    fn late_error(&self) -> HttpError {
        HttpError::Late {
            url: self.shown.clone(),
            allowed_s: self.until.allowed_s(),
        }
    }

    fn too_large(&self, max_bytes: u64, is_unpacked: bool) -> HttpError {
        HttpError::TooLarge {
            url: self.shown.clone(),
            max_bytes,
            is_unpacked,
        }
    }

    fn read_wire(&mut self, into: &mut [u8], max_bytes: u64) -> Result<usize, HttpError> {
        if self.until.is_over() {
            return Err(self.late_error());
        }
        let got = self.response.read(into).map_err(|error| {
            if self.until.is_over() {
                return self.late_error();
            }
            let what = self.mask.server_text(&read_failure(&error));
            HttpError::Cut {
                url: self.shown.clone(),
                bytes: self.bytes,
                what,
            }
        })?;
        self.bytes += got as u64;
        if self.bytes > max_bytes {
            return Err(self.too_large(max_bytes, false));
        }
        self.pace
            .check_pace(got)
            .map_err(|(bytes, seconds)| HttpError::Slow {
                url: self.shown.clone(),
                bytes,
                seconds,
            })?;
        Ok(got)
    }
}

/// Causes of a failed read; the outer text of reqwest may hold the URL.
fn read_failure(error: &io::Error) -> String {
    match error.get_ref() {
        Some(inner) => match inner
            .downcast_ref::<reqwest::Error>()
            .and_then(std::error::Error::source)
        {
            Some(source) => error_chain(source),
            None if inner.is::<reqwest::Error>() => "the connection failed".to_owned(),
            None => error_chain(inner),
        },
        None => error.to_string(),
    }
}

impl Pace {
    /// Counts bytes; what came in how many seconds, where that is too little.
    fn check_pace(&mut self, got: usize) -> Result<(), (u64, u64)> {
        self.bytes += got as u64;
        let elapsed = self.began.elapsed();
        if got == 0 || elapsed < self.window {
            return Ok(());
        }
        // The time-out counts from one byte to the next. A server that sends one now and then would never meet
        // it.
        if self.bytes < SLOWEST * elapsed.as_secs().max(1) {
            return Err((self.bytes, elapsed.as_secs()));
        }
        self.began = Instant::now();
        self.bytes = 0;
        Ok(())
    }
}

/// The body as sent, for a decoder; what fails is kept, for decoders change what they pass on.
struct Wire<'w, 'a> {
    stream: &'w mut Stream<'a>,
    max_bytes: u64,
    failure: &'w mut Option<HttpError>,
}

impl Read for Wire<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read_wire(into, self.max_bytes).map_err(|error| {
            let text = error.to_string();
            *self.failure = Some(error);
            io::Error::other(text)
        })
    }
}

enum Stop<E> {
    Taker(E),
    Large,
    Decode(String),
}

fn drain_body<E>(
    from: &mut impl Read,
    max_bytes: u64,
    take: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), Stop<E>> {
    let mut buffer = vec![0; CHUNK];
    let mut total = 0;
    loop {
        let got = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stop::Decode(error.to_string())),
        };
        total += got as u64;
        if total > max_bytes {
            return Err(Stop::Large);
        }
        take(&buffer[..got]).map_err(Stop::Taker)?;
    }
}
