//! What the puller needs of the world: somebody who asks a server, and a place for pages.
//!
//! Two narrow traits, so that the puller itself opens no connection and no file.

use std::error::Error as StdError;

use crate::feature::Veil;

/// Any cause.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Asks a server. Credentials, retries on the HTTP level and limits per host are its affair.
pub trait Wire: Sync {
    /// The answer to `form` sent to `url`, bounded in size; GET, or POST where the URL gets long.
    ///
    /// # Errors
    /// No answer, or one whose status isn't 2xx.
    fn ask(&self, url: &str, form: &[(&str, String)]) -> Result<Response, WireError>;

    /// Gets a new token in place of the `refused` one, by its number; whether there is one.
    fn renew_token(&self, refused: Option<u32>) -> bool;

    /// Waits after a question was put so often in vain.
    fn wait_to_ask_again(&self, _asked: u32) {}

    /// A URL or a text as messages and records may show it: without secrets.
    fn without_secrets(&self, text: &str) -> String;

    /// What a server says, as messages may show it: short, and without secrets.
    fn server_text(&self, text: &str) -> String {
        Veil::default().mask_excerpt(text)
    }

    /// Whether a text holds what the server was asked with, and nobody writes by chance.
    fn repeats_secret(&self, _text: &str) -> bool {
        false
    }

    /// What has been spent so far.
    fn request_totals(&self) -> RequestTotals;
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// Its body.
    pub body: Vec<u8>,
    /// Its status, 2xx.
    pub status: u16,
    /// Number of the token that was sent; none where it can't be renewed.
    pub token: Option<u32>,
}

/// What asking has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestTotals {
    /// Requests made.
    pub requests: u64,
    /// Those that were made again.
    pub retries: u64,
    /// Bytes that came, before decompression.
    pub wire_bytes: u64,
    /// Status of the last answer.
    pub status: u16,
}

/// Why there is no body, after every attempt that was worth it.
#[derive(Debug, thiserror::Error)]
#[error("no usable answer")]
pub struct WireError {
    /// Status, where the server answered.
    pub status: Option<u16>,
    /// Whether a smaller question may do better: time-outs, a server's own errors, answers that are too large.
    pub is_passing: bool,
    /// What happened.
    pub source: BoxError,
}

/// What is noted of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageFacts {
    /// Rows in it.
    pub rows: u64,
    /// Status it came with; 0 for one that is made of others.
    pub status: u16,
}

/// Keeps the pages of one pull, so that an interrupted one goes on where it was.
pub trait PageStore: Sync {
    /// The page called `name`; none where it isn't there or is damaged.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BoxError>;

    /// Keeps a page, whole or not at all.
    fn put(&self, name: &str, page: &[u8], facts: PageFacts) -> Result<(), BoxError>;

    /// Drops a page, if it is there.
    fn forget(&self, name: &str) -> Result<(), BoxError>;
}
