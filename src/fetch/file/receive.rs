//! What a body is, and what follows from it: the file, a part of it, or something that only came in its place.

use std::time::Duration;

use url::Url;

use super::parts::ResumedPart;
use super::sink::Sink;
use super::transfer::{RoundOutcome, Stop, Transfer, is_plain};
use crate::feature::FetchRecord;
use crate::fetch::FetchError;
use crate::fetch::content::{Head, Verdict};
use crate::fetch::http::{HttpError, Stream};
use crate::plan::Credential;
use crate::store::Download;

/// A server that prepares a file may point elsewhere so often.
const MOST_HOPS: u32 = 3;

impl<'a> Transfer<'a> {
    /// Takes the body: to the end of a download, or from its beginning, which is judged before anything is kept.
    pub(super) fn receive_body(
        &mut self,
        mut stream: Stream<'_>,
        part: Option<ResumedPart<'a>>,
    ) -> Result<RoundOutcome, Stop> {
        // Before any byte is kept: an export that has gone stale, or a cache that lags, must not replace what is
        // newer.
        if let Some(error) = self.stale_error(&stream) {
            return Err(Stop::Fetch(error));
        }
        let key = self.version_key(&stream);
        let range = part.as_ref().map(|part| part.range);
        let download = part.map(|part| part.download);
        let max_bytes = self
            .plan
            .max_bytes
            .saturating_sub(download.as_ref().map_or(0, Download::len));
        let head = Head::new(self.source, self.plan, &stream);
        let complete = stream.length().filter(|_| is_plain(&stream));
        let mask = self.client.mask_for(&self.access);
        let mut sink = Sink {
            transfer: self,
            head,
            mask,
            key,
            complete,
            download,
        };
        let outcome = stream
            .for_each_piece(max_bytes, |piece| sink.write_piece(piece))
            .and_then(|()| sink.finish_body());
        let Sink { head, download, .. } = sink;
        self.record.wire_bytes += stream.wire_bytes();
        self.reached = self.reached.max(download.as_ref().map_or(0, Download::len));
        match (outcome, download) {
            (Ok(()), Some(download)) => match range {
                Some(range) => self.finish_part(&stream, range, download),
                None => self.accept_download(&stream, download),
            },
            (Ok(()), None) => Ok(RoundOutcome::Again),
            (Err(Stop::Verdict(verdict)), _) => self.follow_verdict(verdict, &stream, &head),
            (Err(stop), _) => Err(stop),
        }
    }

    /// What follows from a body that isn't the file.
    fn follow_verdict(
        &mut self,
        verdict: Verdict,
        stream: &Stream<'_>,
        head: &Head<'_>,
    ) -> Result<RoundOutcome, Stop> {
        let found = match verdict {
            Verdict::Pending(status) => {
                let asked = stream
                    .header("retry-after")
                    .and_then(|seconds| seconds.parse().ok());
                return Ok(RoundOutcome::Pending(
                    stream.mask_text(&status),
                    asked.map(Duration::from_secs),
                ));
            }
            Verdict::Elsewhere(target) => return self.turn_to(&target, stream.shown()),
            Verdict::Token if !self.is_renewed => {
                self.is_renewed = true;
                let until = self.landing.until;
                if self.client.renew_token(&self.access, stream.token(), until)? {
                    return Ok(RoundOutcome::Again);
                }
                "a demand for a token".to_owned()
            }
            Verdict::Token => "a demand for another token".to_owned(),
            Verdict::Wrong(found) => found,
        };
        Err(Stop::Fetch(FetchError::Content {
            shown: self.shown.clone(),
            wanted: head.wanted_format(),
            found: stream.mask_text(&found),
            excerpt: stream.excerpt(head.bytes()),
        }))
    }

    /// Asks for the file where a finished export is said to be: never by a lower scheme, nor with credentials elsewhere.
    fn turn_to(&mut self, target: &str, from: &str) -> Result<RoundOutcome, Stop> {
        match self.permitted_target(target) {
            Ok(next) => {
                self.hops += 1;
                if next.origin() != self.url.origin() {
                    self.access.credential = Credential::None;
                }
                self.url = next;
                Ok(RoundOutcome::Again)
            }
            Err(why) => Err(Stop::Http(HttpError::Redirect {
                url: from.to_owned(),
                target: "the place of the finished file".to_owned(),
                why,
            })),
        }
    }

    /// The address of a finished export, or why it isn't asked.
    ///
    /// It comes in a body and not in a `Location` header, so the rules of `http::redirect` have to be kept here too.
    fn permitted_target(&self, target: &str) -> Result<Url, &'static str> {
        let next = self.url.join(target).map_err(|_invalid| "which is no address")?;
        let is_web = next.scheme() == "https" || (next.scheme() == "http" && self.url.scheme() == "http");
        if !is_web {
            return Err("a lower scheme");
        }
        if self.hops >= MOST_HOPS {
            return Err("one place too many");
        }
        match self
            .client
            .redirect_refusal(&self.access, &self.url, (&next, target))
        {
            Some(why) => Err(why),
            None => Ok(next),
        }
    }

    /// Lands what has come, if it is whole, as declared, and no database without its log.
    pub(super) fn accept_download(
        &mut self,
        stream: &Stream<'_>,
        mut download: Download<'a>,
    ) -> Result<RoundOutcome, Stop> {
        // A body that ends with its connection is whole or cut, and a table cut after a row parses like a whole one.
        if self.is_doubtful(stream, &download)? {
            download.restart()?;
            return Err(Stop::Http(HttpError::Part {
                url: stream.shown().to_owned(),
                asked: "the whole file".to_owned(),
                given: "a body whose length it doesn't tell: only a second one that is the same shows that it is whole"
                    .to_owned(),
            }));
        }
        if let Some(expected) = &self.plan.sha256 {
            let found = download.sha256()?;
            if found != *expected {
                download.restart()?;
                return Err(Stop::Fetch(FetchError::Digest {
                    shown: self.shown.clone(),
                    expected: expected.clone(),
                    found,
                }));
            }
        }
        self.refuse_wal_with_rows(&mut download)?;
        let record = FetchRecord {
            doubts: self.doubts.clone(),
            fetched_at: (self.landing.now)(),
            status: stream.status(),
            etag: stream.etag(),
            last_modified: stream.last_modified(),
            content_type: stream.content_type(),
            ..self.record.clone()
        };
        let landed = download.accept(&self.plan.extension, record)?;
        Ok(RoundOutcome::Landed(landed))
    }
}
