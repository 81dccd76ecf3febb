//! One connection: heads that must come in time, answers that must be taken in time, and an end that is asked for.
//!
//! Asynchronous. What is answered, others decide.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};
use tracing::debug;

use super::site::Site;
use super::stop::Stopped;

/// Headers of a request at most.
const MOST_HEADERS: usize = 64;
/// Bytes beside the address that the head of a request may have: hyper refuses longer ones (431).
const HEAD_BYTES: usize = 16 << 10;

/// Answers what comes over a connection, until its end or that of the server.
pub(super) async fn drive<S>(stream: S, router: Router, site: Arc<Site>, mut stopped: Stopped)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _counted = site.metrics.connected();
    let bounds = &site.settings.bounds;
    let patient = Patient {
        stream: TokioIo::new(stream),
        most: bounds.write_time,
        waits: None,
    };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time)
        .max_headers(MOST_HEADERS)
        .max_buf_size(bounds.uri_bytes + HEAD_BYTES);
    let connection = builder.serve_connection(patient, TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let mut end = pin!(stopped.said());
    let mut is_ending = false;
    let ended = poll_fn(|context| {
        if !is_ending && end.as_mut().poll(context).is_ready() {
            is_ending = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(context)
    });
    if let Err(error) = ended.await {
        debug!(reason = %error, "a connection ended");
    }
}

/// A stream whose other side must take what is written within a time.
struct Patient<T> {
    stream: T,
    most: Duration,
    /// Since it takes nothing.
    waits: Option<Pin<Box<Sleep>>>,
}

impl<T> Patient<T> {
    fn in_time<V>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<V>>) -> Poll<io::Result<V>> {
        if written.is_ready() {
            self.waits = None;
            return written;
        }
        let waits = self.waits.get_or_insert_with(|| Box::pin(sleep(self.most)));
        ready!(waits.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: Read + Unpin> Read for Patient<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<T: Write + Unpin> Write for Patient<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.in_time(context, shut)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.in_time(context, written)
    }
}
