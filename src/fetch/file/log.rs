//! A GeoPackage in WAL mode: rows that its writer has not put into the file yet stand in a second one beside it, which a
//! download doesn't bring (`SQLite` file format, sections 1.3.3 and 4.1).

use super::{Stop, Transfer};
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

impl Transfer<'_> {
    /// Refuses a database whose log holds rows; notes where nobody can tell.
    pub(super) fn look_for_log(&mut self, download: &mut Download<'_>) -> Result<(), Stop> {
        let header = download.beginning(HEADER).map_err(|error| self.store(error))?;
        let is_database = header.starts_with(b"SQLite format 3\0");
        if !is_database || header.get(18..HEADER) != Some(&WAL[..]) {
            return Ok(());
        }
        if self.has_log()? {
            download.restart().map_err(|error| self.store(error))?;
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
        let (access, until) = (&self.access, self.landing.until);
        let open = Open {
            url: &url,
            access,
            accept: "*/*",
            headers: &[],
            until,
        };
        let mut stream = match self.client.open(&open) {
            Ok((stream, _)) => stream,
            Err(late @ HttpError::Late { .. }) => return Err(late),
            Err(_) => return Ok(false),
        };
        let (mut beginning, mut bytes) = (Vec::new(), 0);
        // Its first bytes tell: the rest need not come.
        let read = stream.each(self.plan.max_bytes, |piece| {
            beginning.extend_from_slice(&piece[..piece.len().min(MAGIC.len())]);
            bytes += piece.len() as u64;
            if bytes > LOG_HEADER {
                Err(Stop::Verdict(crate::fetch::content::Verdict::Token))
            } else {
                Ok(())
            }
        });
        let is_log =
            beginning.len() >= MAGIC.len() && beginning[..3] == MAGIC[..3] && beginning[3] & 0xfe == MAGIC[3];
        Ok(is_log && read.is_err())
    }
}
