//! A client that sends what it is told to, byte by byte, and a server that is the real program.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::program;

/// A server in the making of answers; killed when dropped.
pub(super) struct Served {
    child: Child,
    pub(super) address: String,
    log: std::path::PathBuf,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Served {
    /// The store of a test's folder, with further options.
    pub(super) fn start(folder: &Path, args: &[&str]) -> Self {
        let log = folder.join("serve.log");
        let mut child = Command::new(program())
            .args(["serve", "store", "--listen", "127.0.0.1:0", "--format", "json"])
            .args(args)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut told = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            told += &line;
            if line == "}" {
                break;
            }
        }
        let told: Value = serde_json::from_str(&told)
            .unwrap_or_else(|error| panic!("{error}: {told}\n{}", fs::read_to_string(&log).unwrap()));
        Self {
            child,
            address: told["listen"].as_str().unwrap().to_owned(),
            log,
        }
    }

    /// What is answered to a path.
    #[track_caller]
    pub(super) fn get(&self, path: &str) -> Reply {
        self.ask(path, &[])
    }

    /// The same with headers.
    #[track_caller]
    pub(super) fn ask(&self, path: &str, headers: &[&str]) -> Reply {
        self.send("GET", path, headers, b"")
    }

    #[track_caller]
    pub(super) fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Reply {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.address
        );
        for header in headers {
            head += &format!("{header}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let raw = [format!("{head}\r\n").as_bytes(), body].concat();
        let reply = self.raw(&raw);
        reply.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// What is answered to these very bytes; none where the connection is closed without an answer.
    pub(super) fn raw(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = self.connect();
        // Whoever refuses a request needn't read it to its end.
        drop(stream.write_all(bytes));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        Reply::parse(&answer)
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }

    /// The answer as JSON.
    #[track_caller]
    pub(super) fn json(&self, path: &str) -> Value {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    pub(super) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// How the program ended, within some seconds.
    pub(super) fn ended(&mut self) -> i32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it doesn't end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let log = self.log();
        drop(self.child.kill());
        drop(self.child.wait());
        if !std::thread::panicking() {
            assert!(!log.contains("panicked"), "{log}");
        }
    }
}

impl Reply {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Self {
            status,
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// What a problem tells.
    #[track_caller]
    pub(super) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let told = self.json();
        assert_eq!(told["status"], self.status);
        told["detail"].as_str().unwrap().to_owned()
    }
}

/// The path of an address.
pub(super) fn path_of(href: &str) -> &str {
    let rest = href.split_once("://").map_or(href, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// The address that a link of a relation has.
pub(super) fn link<'a>(of: &'a Value, rel: &str) -> Option<&'a str> {
    let links = of["links"].as_array()?;
    links.iter().find(|link| link["rel"] == rel)?["href"].as_str()
}
