//! A GeoPackage in WAL mode: rows that its writer has not put into the file yet stand in a second one beside it, which a
//! download doesn't bring (`SQLite` file format, sections 1.3.3 and 4.1).

use super::transfer::{Stop, Transfer};
use crate::fetch::FetchError;
use crate::fetch::http::{HttpError, Open};
use crate::store::Download;

/// Bytes up to and with those that name the versions for writing and for reading.
const HEADER: usize = 20;

/// Both versions of a database in WAL mode.
const WAL: [u8; 2] = [2, 2];

/// How a log begins, but for its last bit: the order of bytes in its checksums.
const MAGIC: [u8; 4] = [0x37, 0x7f, 0x06, 0x82];

/// Size of a log's header: without more it holds no rows.
const LOG_HEADER: u64 = 32;

/// What is left to be doubted where the server doesn't give the log.
const DOUBT: &str = "the GeoPackage is in WAL mode and its server gives no `-wal` file: nothing tells whether rows that \
                     were written last are missing; `PRAGMA journal_mode = DELETE` before it is copied settles that";

/// Why a log isn't read on: its beginning has come, or it has broken off.
struct Enough;

impl From<HttpError> for Enough {
    fn from(_: HttpError) -> Self {
        Self
    }
}

impl Transfer<'_> {
    /// Refuses a database whose log holds rows; notes where nobody can tell.
    pub(super) fn refuse_wal_with_rows(&mut self, download: &mut Download<'_>) -> Result<(), Stop> {
        let header = download.beginning(HEADER)?;
        let is_database = header.starts_with(b"SQLite format 3\0");
        if !is_database || header.get(18..HEADER) != Some(&WAL[..]) {
            return Ok(());
        }
        if self.has_log()? {
            download.restart()?;
            return Err(Stop::Fetch(FetchError::Log {
                shown: self.shown.clone(),
            }));
        }
        tracing::warn!("{DOUBT}");
        self.doubts.push(DOUBT.to_owned());
        Ok(())
    }

    /// Whether the server has a log with rows beside the file; a page that says sorry is none.
    fn has_log(&self) -> Result<bool, HttpError> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}-wal", self.url.path()));
        let open = Open {
            url: &url,
            access: &self.access,
            accept: "*/*",
            headers: &[],
            until: self.landing.until,
        };
        let mut stream = match self.client.open(&open) {
            Ok((stream, _)) => stream,
            Err(late @ HttpError::Late { .. }) => return Err(late),
            Err(_) => return Ok(false),
        };
        let mut beginning = Vec::new();
        let mut bytes = 0;
        let read = stream.for_each_piece(self.plan.max_bytes, |piece| {
            beginning.extend_from_slice(&piece[..piece.len().min(MAGIC.len())]);
            bytes += piece.len() as u64;
            // Its first bytes tell: the rest need not come.
            if bytes > LOG_HEADER { Err(Enough) } else { Ok(()) }
        });
        let is_log =
            beginning.len() >= MAGIC.len() && beginning[..3] == MAGIC[..3] && beginning[3] & 0xfe == MAGIC[3];
        Ok(is_log && read.is_err())
    }
}
