//! What can go wrong with a question and its answer. No variant holds a secret: texts are masked when made.

use std::error::Error as StdError;
use std::time::Duration;

/// Why there is no usable answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The client can't be made.
    #[error("cannot set the HTTP client up: {what}")]
    Setup {
        /// What is wrong.
        what: String,
    },
    /// No answer came.
    #[error("{url} does not answer: {what}")]
    Connection {
        /// URL without secrets.
        url: String,
        /// What happened, causes included.
        what: String,
        /// Whether it may pass.
        is_passing: bool,
    },
    /// The server's certificate doesn't verify.
    #[error(
        "the certificate of {host} cannot be trusted: {}; `insecure-tls = true` in the source takes any certificate",
        explain_certificate_fault(what)
    )]
    Certificate {
        /// Host whose certificate it is.
        host: String,
        /// What the TLS library says of it.
        what: String,
    },
    /// Nobody reaches the host, so that it isn't asked for now.
    #[error("{host} is left alone for now: it has not answered for {silent_s} s ({what})")]
    Down {
        /// The host.
        host: String,
        /// Seconds since it was tried first.
        silent_s: u64,
        /// What happened last, causes included.
        what: String,
    },
    /// The answer ended early, or stopped.
    #[error("the answer of {url} breaks off after {bytes} bytes: {what}")]
    Cut {
        /// URL without secrets.
        url: String,
        /// Bytes that had come.
        bytes: u64,
        /// What happened, causes included.
        what: String,
    },
    /// The answer is another part of the file than what was asked for, or ends before the file does.
    #[error("{url} was asked for {asked} and gave {given}")]
    Part {
        /// URL without secrets.
        url: String,
        /// What was asked for.
        asked: String,
        /// What came.
        given: String,
    },
    /// The server gives whole files alone.
    #[error(
        "{url} comes as a whole where a part was asked for: its server knows no ranges; use one that does, or a copy of the release on this machine"
    )]
    NoRanges {
        /// URL without secrets.
        url: String,
    },
    /// The time of the source is over.
    #[error("{url} was not answered in full within the {allowed_s} s that a source has")]
    Late {
        /// URL without secrets.
        url: String,
        /// Seconds allowed.
        allowed_s: u64,
    },
    /// The answer comes too slowly to ever end.
    #[error("the answer of {url} comes too slowly: {bytes} bytes in {seconds} s")]
    Slow {
        /// URL without secrets.
        url: String,
        /// Bytes within the time.
        bytes: u64,
        /// The time.
        seconds: u64,
    },
    /// The server refuses, or fails.
    #[error("{url} answers {status}{}{}", type_suffix(content_type.as_deref()), excerpt_suffix(excerpt))]
    Status {
        /// URL without secrets.
        url: String,
        /// Status.
        status: u16,
        /// `Content-Type`, as sent.
        content_type: Option<String>,
        /// First characters of the body, secrets masked.
        excerpt: String,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The server asks for a longer wait than allowed.
    #[error(
        "{url} answers {status} and wants to be left alone for {asked_s} s, more than the {allowed_s} s a run waits; run again later"
    )]
    Wait {
        /// URL without secrets.
        url: String,
        /// Status.
        status: u16,
        /// Seconds asked for.
        asked_s: u64,
        /// Seconds allowed.
        allowed_s: u64,
    },
    /// A redirect that isn't followed.
    #[error("{url} redirects to {target}, {why}")]
    Redirect {
        /// URL without secrets.
        url: String,
        /// Where to, without secrets.
        target: String,
        /// Why it isn't followed.
        why: &'static str,
    },
    /// The answer is larger than allowed.
    #[error("the answer of {url} is larger than the {max_bytes} bytes allowed{}; raise `max-bytes` if it should be", if *is_unpacked { " when decompressed" } else { "" })]
    TooLarge {
        /// URL without secrets.
        url: String,
        /// Bytes allowed.
        max_bytes: u64,
        /// Whether it is its decompressed size.
        is_unpacked: bool,
    },
    /// The answer can't be decompressed.
    #[error("the answer of {url} cannot be decompressed: {what}")]
    Encoding {
        /// URL without secrets.
        url: String,
        /// What is wrong.
        what: String,
    },
    /// A credential would travel in the clear.
    #[error("{url} is not encrypted; credentials are only sent over https")]
    Unencrypted {
        /// URL without secrets.
        url: String,
    },
    /// There is no token for the login.
    #[error("no token for {url}: {what}")]
    Login {
        /// URL of the token service.
        url: String,
        /// What the service says, secrets masked.
        what: String,
    },
    /// Every attempt failed.
    #[error("given up after {attempts} attempts")]
    GaveUp {
        /// Attempts made.
        attempts: u32,
        /// How the last one failed.
        source: Box<HttpError>,
    },
}

impl HttpError {
    /// Status, where the server answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::Wait { status, .. } => Some(*status),
            Self::GaveUp { source, .. } => source.status(),
            _ => None,
        }
    }

    /// Whether the same question could be answered a little later.
    ///
    /// ```
    /// use cikr::fetch::http::HttpError;
    ///
    /// let answer = |status| HttpError::Status {
    ///     url: "https://example.org".to_owned(),
    ///     status,
    ///     content_type: None,
    ///     excerpt: String::new(),
    ///     retry_after: None,
    /// };
    /// assert!(answer(503).is_passing());
    /// assert!(!answer(404).is_passing());
    /// ```
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connection { is_passing, .. } => *is_passing,
            Self::Cut { .. } | Self::Part { .. } | Self::Slow { .. } | Self::Encoding { .. } => true,
            // 501 is left out, for it will be the same in a moment; 520 to 529 are those of a proxy that doesn't
            // reach its server.
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=529),
            _ => false,
        }
    }

    /// Seconds that the source had, where they are over.
    pub fn expired_limit_s(&self) -> Option<u64> {
        match self {
            Self::Late { allowed_s, .. } => Some(*allowed_s),
            Self::GaveUp { source, .. } => source.expired_limit_s(),
            _ => None,
        }
    }

    /// Whether the host could not be reached at all: the same question may be worth asking much later.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Connection { is_passing, .. } => *is_passing,
            Self::Down { .. } => true,
            Self::GaveUp { source, .. } => source.is_unreachable(),
            _ => false,
        }
    }

    /// How long the server wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// An error with its causes on one line.
pub(super) fn error_chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Many of the layers below repeat what their cause says.
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

/// What is wrong with a certificate, and what can be done about it.
fn explain_certificate_fault(what: &str) -> String {
    let known = [
        ("xpired", "it has expired, which its server's owner can mend"),
        (
            "NotValidYet",
            "it is not valid yet, if this machine's clock is right",
        ),
        (
            "not valid yet",
            "it is not valid yet, if this machine's clock is right",
        ),
        ("ForName", "it was issued for another host"),
        ("not valid for", "it was issued for another host"),
        (
            "UnknownIssuer",
            "its issuer is unknown here; if that is a private authority, name its certificate by `SSL_CERT_FILE`",
        ),
        ("BadSignature", "its signature is not its issuer's"),
        ("CaUsedAsEndEntity", "it was issued by the server itself"),
    ];
    let explained = known.iter().find(|(word, _)| what.contains(word));
    explained.map_or(what, |(_, explanation)| *explanation).to_owned()
}

fn type_suffix(content_type: Option<&str>) -> String {
    content_type.map(|kind| format!(" ({kind})")).unwrap_or_default()
}

fn excerpt_suffix(excerpt: &str) -> String {
    if excerpt.is_empty() {
        String::new()
    } else {
        format!(": {excerpt}")
    }
}
