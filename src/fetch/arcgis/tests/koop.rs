//! The puller against a running Koop, Esri's own FeatureServer, over real connections.
//!
//! `CIKR_KOOP=host:port/path/FeatureServer/0 cargo test --lib koop -- --ignored --nocapture`

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::{Memory, plan, pull_to, text};
use crate::fetch::arcgis::{Spent, Wire, WireError};

#[derive(Default)]
struct Sockets {
    requests: AtomicU32,
}

impl Wire for Sockets {
    fn ask(&self, url: &str, form: &[(&str, String)]) -> Result<Vec<u8>, WireError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let error = |source: std::io::Error| WireError { status: None, source: source.into() };
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let form: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let form = form.join("&");
        let mut stream = TcpStream::connect(host).map_err(error)?;
        let (length, kind) = (form.len(), "application/x-www-form-urlencoded");
        // HTTP/1.0: no chunks, and the connection ends with the answer.
        write!(stream, "POST /{path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{form}")
            .map_err(error)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(error)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status: u16 = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
        if status == 200 {
            return Ok(answer.split_off(end + 4));
        }
        Err(WireError { status: Some(status), source: format!("status {status}").into() })
    }

    fn renew(&self) -> bool {
        false
    }

    fn shown(&self, url: &str) -> String {
        url.to_owned()
    }

    fn spent(&self) -> Spent {
        Spent { requests: self.requests.load(Ordering::Relaxed).into(), ..Spent::default() }
    }
}

fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => (byte as char).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(byte).collect()
}

#[test]
#[ignore = "needs a running Koop"]
fn a_koop_layer_is_pulled_whole() {
    let url = format!("http://{}", std::env::var("CIKR_KOOP").unwrap());
    let (wire, shelf, timer) = (Sockets::default(), Memory::default(), Instant::now());
    let pulled = pull_to(&wire, &plan(&url), &shelf).unwrap();
    let seconds = timer.elapsed().as_secs_f64();
    assert_eq!(Some(pulled.rows), pulled.count);
    println!(
        "{} of {:?} rows by {} in {seconds:.2} s, {} requests, {} pages, {} bytes",
        pulled.rows,
        pulled.count,
        pulled.method,
        wire.spent().requests,
        pulled.pages.len(),
        text(&pulled, &shelf).len(),
    );
    if let Ok(file) = std::env::var("CIKR_KOOP_OUT") {
        std::fs::write(file, text(&pulled, &shelf)).unwrap();
    }
}
