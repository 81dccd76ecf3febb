//! A part of a file as the body of an answer, read as it is sent.
//!
//! Asynchronous: a piece is read on a thread that may wait while the one before is on its way, so that a connection holds two
//! pieces at most.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use super::published::read_range;

/// Bytes that are read at a time.
const PIECE_BYTES: u64 = 256 << 10;

/// A part of a file.
pub(super) struct FileBody {
    file: Arc<File>,
    /// What was not read yet.
    left: Range<u64>,
    /// Bytes that were not sent yet.
    unsent: u64,
    reading: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl FileBody {
    pub(super) fn new(file: Arc<File>, range: Range<u64>) -> Self {
        Self {
            file,
            unsent: range.end - range.start,
            left: range,
            reading: None,
        }
    }

    fn read_on(&mut self) {
        if self.left.is_empty() || self.reading.is_some() {
            return;
        }
        let piece = self.left.start..self.left.end.min(self.left.start + PIECE_BYTES);
        self.left.start = piece.end;
        let file = Arc::clone(&self.file);
        self.reading = Some(tokio::task::spawn_blocking(move || read_range(&file, &piece)));
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.read_on();
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let read = match Pin::new(reading).poll(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(read) => read.map_err(io::Error::other).flatten(),
        };
        self.reading = None;
        match read {
            Ok(bytes) => {
                self.unsent -= bytes.len() as u64;
                self.read_on();
                Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
            }
            Err(error) => {
                tracing::error!(reason = %error, "a file ends while it is sent");
                self.left.start = self.left.end;
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.unsent == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.unsent)
    }
}
