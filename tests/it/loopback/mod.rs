//! HTTP/1.1 servers on 127.0.0.1 that the program under test is pointed at: they answer from a closure or a script,
//! keep every request for assertions, and misbehave on demand.
//!
//! ```ignore
//! let server = Server::start(|request| match request.path.as_str() {
//!     "/a.csv" => Reply::file(request, "text/csv", b"ID\n1\n", "\"v1\""),
//!     _ => Reply::text(404, "text/plain", "nothing here"),
//! });
//! let server = Server::script([Reply::status(503).header("Retry-After", "1"), Reply::json(&json!({"count": 3}))]);
//! ```
//!
//! Sockets are here; what an answer is, in `reply`; an ArcGIS service over rows, in `arcgis`; recordings, in `replay`.
//! Nothing here knows the program under test.

pub(crate) mod arcgis;
pub(crate) mod condition;
pub(crate) mod layer_info;
mod query;
pub(crate) mod replay;
pub(crate) mod reply;
pub(crate) mod request;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) use reply::Reply;
pub(crate) use request::Request;

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A server on a free port of 127.0.0.1; it stops when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    handler: Box<Handler>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<Vec<TcpStream>>,
    busy: AtomicUsize,
    busiest: AtomicUsize,
    stopped: AtomicBool,
}

impl Server {
    /// Answers every request by `handler`, each connection on a thread of its own.
    pub(crate) fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            requests: Mutex::default(),
            connections: Mutex::default(),
            busy: AtomicUsize::new(0),
            busiest: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Self { address, shared }
    }

    /// Answers the first request with the first reply, and so on; the last one for ever.
    pub(crate) fn script(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "a script needs a reply");
        Self::start(move |request| replies[(request.number - 1).min(replies.len() - 1)].clone())
    }

    /// `http://127.0.0.1:port` + `path`, which starts with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Forgets the requests so far; numbering starts again at 1.
    pub(crate) fn forget(&self) {
        self.shared.requests.lock().unwrap().clear();
    }

    /// The largest number of requests that were answered at the same time.
    pub(crate) fn busiest(&self) -> usize {
        self.shared.busiest.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for connection in self.shared.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address); // wakes `accept`
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let _ = stream.set_nodelay(true);
        shared.connections.lock().unwrap().extend(stream.try_clone());
        let shared = Arc::clone(shared);
        thread::spawn(move || serve(stream, &shared));
    }
}

/// Requests of one connection until the peer, a reply or a fault ends it.
fn serve(mut stream: TcpStream, shared: &Shared) {
    while let Ok(Some(request)) = receive(&stream, shared) {
        let now = shared.busy.fetch_add(1, Ordering::SeqCst) + 1;
        shared.busiest.fetch_max(now, Ordering::SeqCst);
        let reply = (shared.handler)(&request);
        let stays = answer(&mut stream, shared, &request, &reply);
        shared.busy.fetch_sub(1, Ordering::SeqCst);
        let last = request
            .header("Connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if last || !matches!(stays, Ok(true)) {
            break;
        }
    }
    if !shared.stopped.load(Ordering::SeqCst) {
        let port = stream.peer_addr().ok();
        shared
            .connections
            .lock()
            .unwrap()
            .retain(|kept| kept.peer_addr().ok() != port);
    }
}

/// Reads a request and leaves its last byte in the socket: closed with a byte unread, a socket sends a reset.
fn receive(stream: &TcpStream, shared: &Shared) -> io::Result<Option<Request>> {
    let Some(head) = peek_head(stream)? else {
        return Ok(None);
    };
    let length = request::content_length(&head);
    let mut bytes = vec![0; head.len() + length];
    let (last, mut reader) = (bytes.len() - 1, stream);
    reader.read_exact(&mut bytes[..last])?;
    if stream.peek(&mut bytes[last..])? == 0 {
        return Ok(None);
    }
    let mut requests = shared.requests.lock().unwrap();
    let request = Request::parse(requests.len() + 1, &head, &bytes[head.len()..]);
    requests.push(request.clone());
    Ok(Some(request))
}

/// The head up to and with its empty line, left in the socket; nothing when the peer is done.
fn peek_head(stream: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let held = stream.peek(&mut buffer)?;
        if held == 0 {
            return Ok(None);
        }
        if let Some(end) = buffer[..held].windows(4).position(|four| four == b"\r\n\r\n") {
            buffer.truncate(end + 4);
            return Ok(Some(buffer));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Writes the reply; whether the connection may serve another request.
fn answer(stream: &mut TcpStream, shared: &Shared, request: &Request, reply: &Reply) -> io::Result<bool> {
    thread::sleep(reply.after);
    if matches!(reply.delivery, reply::Delivery::Reset) {
        return Ok(false); // the byte left unread makes it a reset
    }
    stream.read_exact(&mut [0])?;
    stream.write_all(&reply.head())?;
    if request.method == "HEAD" {
        return Ok(true);
    }
    reply.deliver(stream, &|| shared.stopped.load(Ordering::SeqCst))
}
