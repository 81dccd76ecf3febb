//! Parts of a file: what was asked for, what the server says that it gives and what is held agree, or it is asked for anew.

use super::transfer::{RoundOutcome, Stop, Transfer};
use crate::fetch::http::{ContentRange, HttpError, Stream};
use crate::store::{Download, Unfinished};

/// A download, and the part that it goes on with.
pub(super) struct ResumedPart<'a> {
    pub(super) download: Download<'a>,
    pub(super) range: ContentRange,
}

impl<'a> Transfer<'a> {
    /// The download that a part goes on with, and the part: none where the two don't fit together.
    pub(super) fn match_part(
        &self,
        stream: &Stream<'_>,
        partial: Option<&Unfinished>,
    ) -> Result<Option<ResumedPart<'a>>, Stop> {
        let range = stream.content_range();
        let Some((held, range)) = partial.zip(range) else {
            return Ok(None);
        };
        let is_same_file =
            range.complete.is_some() && (held.complete.is_none() || range.complete == held.complete);
        // Any of these in doubt, and bytes of two versions would be joined to a file that neither was: a server may
        // ignore `If-Range`, or a cache answer for it.
        if range.first != held.bytes || !is_same_file || held.key != self.version_key(stream) {
            return Ok(None);
        }
        let download = self.open_download(&held.key)?;
        Ok((download.len() == held.bytes).then_some(ResumedPart { download, range }))
    }

    /// A part that doesn't fit what is there, as an error: the next request is for the whole file.
    pub(super) fn refuse_part(
        &self,
        stream: &Stream<'_>,
        partial: Option<&Unfinished>,
    ) -> Result<Stop, Stop> {
        self.open_download("")?;
        let asked = match partial {
            Some(held) => format!("the bytes from {} on", held.bytes),
            None => "the whole file".to_owned(),
        };
        let range = stream.display_header("content-range");
        let given = format!(
            "a part of it ({})",
            range.as_deref().unwrap_or("no Content-Range")
        );
        Ok(Stop::Http(HttpError::Part {
            url: stream.shown().to_owned(),
            asked,
            given,
        }))
    }

    /// What follows from a part that has come: it is accepted if the file ends with it.
    pub(super) fn finish_part(
        &mut self,
        stream: &Stream<'_>,
        range: ContentRange,
        download: Download<'a>,
    ) -> Result<RoundOutcome, Stop> {
        let has = download.len();
        if has == range.end && range.complete == Some(has) {
            return self.accept_download(stream, download);
        }
        let complete = range.complete.unwrap_or_default();
        let asked = format!("the bytes from {} to the end of {complete}", range.first);
        // What was promised has come, though not all that was asked for: go on from there.
        if has == range.end {
            let given = format!("those before {has}");
            return Err(Stop::Http(HttpError::Part {
                url: stream.shown().to_owned(),
                asked,
                given,
            }));
        }
        drop(download);
        self.open_download("")?;
        let given = format!(
            "{} bytes that it calls bytes {} to {}",
            has - range.first,
            range.first,
            range.end - 1
        );
        Err(Stop::Http(HttpError::Part {
            url: stream.shown().to_owned(),
            asked,
            given,
        }))
    }

    /// Whether a copy may be no more than the beginning of the file: its end was that of the connection, its format
    /// has no end of its own, and it isn't the same as the copy before.
    pub(super) fn is_doubtful(&mut self, stream: &Stream<'_>, download: &Download<'a>) -> Result<bool, Stop> {
        if stream.is_delimited() || !self.source.format.may_end_anywhere() {
            return Ok(false);
        }
        let copy = download.sha256()?;
        let is_same = self.copy.as_ref() == Some(&copy);
        self.copy = Some(copy);
        Ok(!is_same)
    }
}
