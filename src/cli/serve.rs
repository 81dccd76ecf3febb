//! `cikr serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};
use tracing::info;

use super::output::Output;
use super::store::open_store;
use crate::config::parse_size;
use crate::error::{Error, exit};
use crate::feature::Handling;
use crate::serve::{BaseUrl, Bounds, Server, Settings, Stop};

/// Least memory that a server works with, bytes: the program, its libraries and a few answers.
const LEAST_MEMORY: u64 = 128 << 20;
/// Of the memory, what caches get: five sixteenths; the rest is for answers in the making.
const CACHES: [u64; 2] = [5, 16];

const EXAMPLES: &str = "\
Examples:
  cikr serve out/demo                                    on http://127.0.0.1:8080, for this machine alone
  cikr serve /srv/cikr --listen 0.0.0.0:8080 --base-url https://data.example.gov/cikr     behind a proxy that has the certificate
  cikr serve out/demo --listen 127.0.0.1:0 --format json      on a free port, which is printed

STORE is read and never written. The latest release answers, a new one from the second in which it is published; older ones by
`releases/<id>/` and by `?release=<id>`. Rows marked above --handling aren't shown, nor the files that hold them. Whoever can
connect can read: for readers who are to be known, put a proxy before it. Ctrl-C or SIGTERM finishes what runs and ends.";

/// Answer for a store over HTTP.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Serve {
    /// Store folder, or a pipeline file that names it
    #[arg(value_name = "STORE")]
    store: PathBuf,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address that links have, where readers come through a proxy [default: the one that a request is sent to]
    #[arg(long, value_name = "URL")]
    base_url: Option<BaseUrl>,
    /// Highest marking of rows that are shown (Traffic Light Protocol)
    #[arg(long, value_name = "TLP", default_value = "TLP:CLEAR")]
    handling: Handling,
    #[command(flatten)]
    bounds: BoundFlags,
}

/// What requests may take.
#[derive(Debug, Args)]
struct BoundFlags {
    /// Seconds that a request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    request_time: u64,
    /// Rows of a page at most
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_rows: u64,
    /// Bytes that are read for an answer at most
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = parse_bytes)]
    max_read: u64,
    /// Connections at a time; further ones wait
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Questions answered at a time; further ones wait [default: two for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    parallel_reads: Option<u16>,
    /// Memory to work with
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = parse_memory)]
    memory: u64,
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    parse_size(text).ok_or_else(|| "write a size with its unit, such as 64MiB".to_owned())
}

fn parse_memory(text: &str) -> Result<u64, String> {
    let bytes = parse_bytes(text)?;
    if bytes < LEAST_MEMORY {
        return Err(format!(
            "the least that a server works with is {}MiB",
            LEAST_MEMORY >> 20
        ));
    }
    Ok(bytes)
}

impl Serve {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let settings = Settings {
            listen: self.listen,
            base_url: self.base_url.clone(),
            handling: self.handling,
            bounds: self.bounds.resolve(),
        };
        let stop = Stop::default();
        stop_at_signals(&stop)?;
        let store = open_store(&self.store)?;
        let server = Server::bind(store, settings).map_err(|source| Error::Serve { source })?;
        let address = server.base_url().to_string();
        let told = json!({"url": address, "listen": server.address().to_string()});
        out.print(&told, || address)?;
        out.flush()?;
        server.run(&stop).map_err(|source| Error::Serve { source })?;
        Ok(exit::OK)
    }
}

impl BoundFlags {
    fn resolve(&self) -> Bounds {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let [share, of] = CACHES;
        Bounds {
            request_time: Duration::from_secs(self.request_time),
            rows: self.max_rows,
            read_bytes: self.max_read,
            connections: self.connections.into(),
            parallel_reads: self.parallel_reads.map_or(2 * cores, usize::from),
            cache_bytes: self.memory / of * share,
            ..Bounds::default()
        }
    }
}

/// Has the first signal stop the server in order, and a second one end the program.
fn stop_at_signals(stop: &Stop) -> Result<(), Error> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|source| Error::Signals { source })?;
    let stop = stop.clone();
    // A thread of its own: in a handler of signals POSIX allows neither locks nor allocations.
    thread::spawn(move || {
        let mut came = signals.forever();
        if let Some(signal) = came.next() {
            info!(
                signal = signal_name(signal).unwrap_or("a signal"),
                "stops once what runs is answered"
            );
            stop.stop();
        }
        if let Some(signal) = came.next() {
            let _: std::io::Result<()> = emulate_default_handler(signal);
        }
    });
    Ok(())
}
