//! What is asked of a server, and what a whole answer is.

use url::Url;

use super::Deadline;
use crate::plan::Access;

/// What is asked of a server.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Address; parameters that it has stay.
    pub url: &'a Url,
    /// Further parameters: in the query, or in the body of a POST where the URL would get long.
    pub form: &'a [(&'a str, String)],
    /// Who asks, and how.
    pub access: &'a Access,
    /// Size at which the answer is given up, bytes, as sent and as decompressed.
    pub max_bytes: u64,
    /// Media types wanted, as `Accept` says it.
    pub accept: &'a str,
    /// Until when there must be an answer.
    pub until: Deadline,
}

/// A whole answer with status 2xx.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// `ETag`, as sent.
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    pub last_modified: Option<String>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// Bytes of the body on the wire.
    pub wire_bytes: u64,
    /// Requests made again before this answer came.
    pub retries: u32,
    /// Number of the token that was sent, for `Client::renew_token`; none where it can't be renewed.
    pub token: Option<u32>,
    /// Seconds from the first request to the last byte, waits between attempts included.
    pub seconds: f64,
}

/// What is asked of a server whose answer is read piece by piece.
#[derive(Debug, Clone, Copy)]
pub struct Open<'a> {
    /// Address.
    pub url: &'a Url,
    /// Who asks, and how.
    pub access: &'a Access,
    /// Media types wanted, as `Accept` says it.
    pub accept: &'a str,
    /// Further headers, such as `Range` and `If-None-Match`.
    pub headers: &'a [(&'static str, String)],
    /// Until when there must be an answer.
    pub until: Deadline,
}
