//! What a server answers, and how badly: bodies that drip, end early, claim another length, never end, blow up when
//! decompressed, or are a reset instead.

use std::fmt::Write as _;
use std::io::{self, Cursor, Read as _, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Request;

/// An answer: status, headers, body, and the manner of its delivery.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    pub(super) delivery: Delivery,
    pub(super) after: Duration,
}

/// How a body goes out.
#[derive(Clone)]
pub(super) enum Delivery {
    Whole,
    /// In pieces of this many bytes with a pause after each.
    Slow(usize, Duration),
    /// As `Whole`, with the connection closed after this many bytes.
    Cut(usize),
    /// With a Content-Length of one's own.
    Claiming(usize),
    /// The body again and again, chunked.
    Endless,
    /// Without a length: the end of the connection is that of the body.
    Undelimited,
    /// No answer: the connection is reset.
    Reset,
    /// The body is the whole answer, head and all; the connection ends with it.
    Raw,
}

impl Reply {
    /// 200 with a body.
    pub(crate) fn bytes(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self {
            status: 200,
            headers,
            body: body.into(),
            delivery: Delivery::Whole,
            after: Duration::ZERO,
        }
    }

    /// 200 with JSON.
    pub(crate) fn json(value: &Value) -> Self {
        Self::bytes(
            "application/json; charset=utf-8",
            serde_json::to_vec(value).unwrap(),
        )
    }

    /// A page of a proxy or firewall, with any status.
    pub(crate) fn html(status: u16, text: &str) -> Self {
        let body = format!("<html><body><h1>{text}</h1></body></html>");
        Self {
            status,
            ..Self::bytes("text/html", body)
        }
    }

    /// A status with an empty body.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::bytes("text/plain", "")
        }
    }

    /// 302 to anywhere.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::status(302).header("Location", to)
    }

    /// A file with an entity tag: 304 where the client holds it, 206 where it asks for the rest of it, else all of it.
    pub(crate) fn file(request: &Request, content_type: &str, body: &[u8], etag: &str) -> Self {
        let marked = |reply: Self| reply.header("ETag", etag).header("Accept-Ranges", "bytes");
        if request.header("If-None-Match") == Some(etag) {
            return marked(Self::status(304));
        }
        let range = request
            .header("Range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let same = request.header("If-Range").is_none_or(|held| held == etag);
        let Some(from) = range.filter(|_| same).and_then(|from| from.parse::<usize>().ok()) else {
            return marked(Self::bytes(content_type, body));
        };
        if from >= body.len() {
            return marked(Self::status(416)).header("Content-Range", &format!("bytes */{}", body.len()));
        }
        let place = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
        let rest = Self {
            status: 206,
            ..Self::bytes(content_type, &body[from..])
        };
        marked(rest).header("Content-Range", &place)
    }

    /// A small gzip body that unpacks to `megabytes` MB of spaces.
    pub(crate) fn gzip_bomb(content_type: &str, megabytes: usize) -> Self {
        Self::bytes(content_type, vec![b' '; megabytes << 20]).gzip()
    }

    /// The connection is reset instead of an answer.
    pub(crate) fn reset() -> Self {
        Self {
            delivery: Delivery::Reset,
            ..Self::status(200)
        }
    }

    /// Bytes in place of an answer, however malformed.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            delivery: Delivery::Raw,
            body: bytes.into(),
            ..Self::status(200)
        }
    }

    /// With another status.
    pub(crate) fn of(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The body compressed, and marked so.
    pub(crate) fn gzip(mut self) -> Self {
        self.body = gzip(&self.body);
        self.header("Content-Encoding", "gzip")
    }

    /// Pieces of `piece` bytes with a pause after each.
    pub(crate) fn slow(self, piece: usize, pause: Duration) -> Self {
        Self {
            delivery: Delivery::Slow(piece, pause),
            ..self
        }
    }

    /// The connection is closed after `bytes` of the body.
    pub(crate) fn cut(self, bytes: usize) -> Self {
        Self {
            delivery: Delivery::Cut(bytes),
            ..self
        }
    }

    /// Content-Length says `length`, whatever the body is.
    pub(crate) fn claiming(self, length: usize) -> Self {
        Self {
            delivery: Delivery::Claiming(length),
            ..self
        }
    }

    /// The body repeats until the client gives up.
    pub(crate) fn endless(self) -> Self {
        Self {
            delivery: Delivery::Endless,
            ..self
        }
    }

    /// The body's length is told nowhere: it ends with the connection.
    pub(crate) fn undelimited(self) -> Self {
        Self {
            delivery: Delivery::Undelimited,
            ..self
        }
    }

    /// The answer starts only after this time.
    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// The body, where it is JSON.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn head(&self) -> Vec<u8> {
        if matches!(self.delivery, Delivery::Raw) {
            return Vec::new();
        }
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, phrase(self.status));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = match self.delivery {
            Delivery::Endless => write!(head, "Transfer-Encoding: chunked\r\n"),
            Delivery::Undelimited => write!(head, "Connection: close\r\n"),
            Delivery::Claiming(length) => write!(head, "Content-Length: {length}\r\n"),
            _ => write!(head, "Content-Length: {}\r\n", self.body.len()),
        };
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Writes the body; whether the connection is still good afterwards.
    pub(super) fn deliver(&self, stream: &mut TcpStream, stopped: &dyn Fn() -> bool) -> io::Result<bool> {
        match self.delivery {
            Delivery::Whole | Delivery::Reset => stream.write_all(&self.body)?,
            Delivery::Slow(piece, pause) => {
                for part in self.body.chunks(piece.max(1)) {
                    stream.write_all(part)?;
                    thread::sleep(pause);
                }
            }
            Delivery::Cut(bytes) => {
                stream.write_all(&self.body[..bytes.min(self.body.len())])?;
                return Ok(false);
            }
            Delivery::Claiming(_) | Delivery::Undelimited | Delivery::Raw => {
                stream.write_all(&self.body)?;
                return Ok(false);
            }
            Delivery::Endless => {
                let chunk = [
                    format!("{:x}\r\n", self.body.len()).as_bytes(),
                    &self.body,
                    b"\r\n",
                ]
                .concat();
                while !stopped() {
                    stream.write_all(&chunk)?;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

/// A gzip member around the deflate stream that a zip archive's entry is.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("body", SimpleFileOptions::default()).unwrap();
    zip.write_all(plain).unwrap();
    let mut archive = zip.finish_into_readable().unwrap();
    let mut entry = archive.by_index_raw(0).unwrap();
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    entry.read_to_end(&mut packed).unwrap();
    packed.extend(entry.crc32().to_le_bytes());
    packed.extend((plain.len() as u32).to_le_bytes());
    packed
}
