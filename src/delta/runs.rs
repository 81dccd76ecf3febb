//! Rows of a new file as runs of rows of the old one, with rows of the delta before each; and these as text for a footer.
//!
//! Pure.

use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// zstd level of the runs: they are small.
const ZSTD_LEVEL: i32 = 9;
/// Most bytes that the runs of a delta may unpack to, whoever made it: 8 million runs of three bytes each, and more.
const MOST_BYTES: u64 = 64 << 20;

/// So many rows of the delta, then so many of the old file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Run {
    /// Rows of the delta, the next ones.
    pub(super) fresh: usize,
    /// First row of the old file.
    pub(super) start: usize,
    /// Rows of the old file.
    pub(super) kept: usize,
}

/// Runs in the making, row by row.
#[derive(Debug, Default)]
pub(super) struct RunsInMaking {
    runs: Vec<Run>,
    open: Run,
}

impl RunsInMaking {
    /// The next row is one of the delta.
    pub(super) fn push_fresh(&mut self) {
        if self.open.kept > 0 {
            self.close_run();
        }
        self.open.fresh += 1;
    }

    /// The next row is this one of the old file.
    pub(super) fn push_kept(&mut self, row: usize) {
        if self.open.kept > 0 && self.open.start + self.open.kept != row {
            self.close_run();
        }
        if self.open.kept == 0 {
            self.open.start = row;
        }
        self.open.kept += 1;
    }

    pub(super) fn finish(mut self) -> Vec<Run> {
        if self.open != Run::default() {
            self.close_run();
        }
        self.runs
    }

    fn close_run(&mut self) {
        self.runs.push(std::mem::take(&mut self.open));
    }
}

/// Base64 of zstd of variable-length numbers (LEB128), three for each run: rows of the delta; where the run begins, counted from
/// where the one before ended (zigzag, since either may be first); rows of the old file.
pub(super) fn runs_to_text(runs: &[Run]) -> io::Result<String> {
    let mut bytes = Vec::with_capacity(runs.len() * 4);
    let mut end = 0_i64;
    for run in runs {
        push_number(&mut bytes, run.fresh as u64);
        let start = i64::try_from(run.start).map_err(io::Error::other)?;
        push_number(&mut bytes, zigzag(start - end));
        push_number(&mut bytes, run.kept as u64);
        end = start + i64::try_from(run.kept).map_err(io::Error::other)?;
    }
    Ok(STANDARD.encode(zstd::encode_all(bytes.as_slice(), ZSTD_LEVEL)?))
}

/// What [`runs_to_text`] has written; nothing of it is taken on trust.
pub(super) fn runs_of_text(text: &str) -> io::Result<Vec<Run>> {
    let packed = STANDARD.decode(text).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    let unpacked = zstd::Decoder::new(packed.as_slice())?;
    unpacked.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!(
            "the runs take more than {MOST_BYTES} bytes"
        )));
    }
    let mut rest = bytes.as_slice();
    let mut runs = Vec::new();
    let mut end = 0_i64;
    while !rest.is_empty() {
        let fresh = next_count(&mut rest)?;
        let step = unzigzag(next_number(&mut rest)?);
        let kept = next_count(&mut rest)?;
        let start = end
            .checked_add(step)
            .and_then(|start| usize::try_from(start).ok());
        let start = start.ok_or_else(|| io::Error::other("a run begins before the first row"))?;
        let after = start
            .checked_add(kept)
            .and_then(|after| i64::try_from(after).ok());
        end = after.ok_or_else(|| io::Error::other("a run has no end"))?;
        runs.push(Run { fresh, start, kept });
    }
    Ok(runs)
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn next_number(bytes: &mut &[u8]) -> io::Result<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let Some((byte, rest)) = bytes.split_first() else {
            return Err(io::Error::other("the runs end within a number"));
        };
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(io::Error::other("a number of the runs has no end"))
}

fn next_count(bytes: &mut &[u8]) -> io::Result<usize> {
    usize::try_from(next_number(bytes)?).map_err(io::Error::other)
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_runs() {
        let mut making = RunsInMaking::default();
        making.push_kept(4);
        making.push_kept(5);
        making.push_fresh();
        making.push_kept(6);
        making.push_kept(1);
        making.push_fresh();
        let run = |fresh, start, kept| Run { fresh, start, kept };
        assert_eq!(
            making.finish(),
            [run(0, 4, 2), run(1, 6, 1), run(0, 1, 1), run(1, 0, 0)]
        );
        assert_eq!(RunsInMaking::default().finish(), []);
    }

    #[test]
    fn runs_come_back_from_text() {
        let run = |fresh, start, kept| Run { fresh, start, kept };
        let runs = [
            run(0, 0, 5_000_000),
            run(300, 17, 1),
            run(0, 4_000_000_000, 128),
            run(1, 0, 0),
        ];
        assert_eq!(runs_of_text(&runs_to_text(&runs).unwrap()).unwrap(), runs);
        assert_eq!(runs_of_text(&runs_to_text(&[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn texts_that_nobody_wrote_are_refused() {
        let packed = |bytes: &[u8]| STANDARD.encode(zstd::encode_all(bytes, 1).unwrap());
        let texts = [
            ("!".to_owned(), "Invalid symbol"),
            (STANDARD.encode("runs"), "Unknown frame descriptor"),
            (packed(&[1]), "end within a number"),
            (packed(&[0xff; 30]), "has no end"),
            (packed(&[0, 1, 1]), "before the first row"),
            (packed(&vec![0; 65 << 20]), "more than"),
        ];
        for (text, reason) in texts {
            let error = runs_of_text(&text).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
