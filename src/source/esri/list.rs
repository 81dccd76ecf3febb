//! The list of a landed pull: where its pages are, and what they must be.
//!
//! The list is bounded, and a page lies below its folder whatever the list says.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use super::pull_error::pull_error;
use crate::feature::digest::to_hex;
use crate::source::error::SourceError;

/// Longest list, bytes: some three hundred thousand pages.
const LIST_BYTES: u64 = 64 << 20;

/// Longest layer info, bytes. Renderers with pictures in them take megabytes.
const INFO_BYTES: u64 = 64 << 20;

/// Version of the list that is understood.
const VERSION: u32 = 1;

/// A page of the pull.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PageEntry {
    path: PathBuf,
    /// Rows in it.
    #[serde(default)]
    pub(super) rows: u64,
    /// Size before compression.
    pub(super) bytes: u64,
    /// Digest before compression.
    sha256: String,
}

#[derive(Deserialize)]
struct ListFile {
    version: u32,
    info: PageEntry,
    pages: Vec<PageEntry>,
    #[serde(default)]
    generalised: Vec<IgnoredAny>,
}

impl ListFile {
    /// The list in `text`, or what is wrong with it.
    fn parse(text: &[u8]) -> Result<Self, String> {
        if text.len() as u64 > LIST_BYTES {
            return Err(format!("it is longer than {LIST_BYTES} bytes"));
        }
        let list: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if list.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", list.version));
        }
        let stray = list
            .pages
            .iter()
            .chain([&list.info])
            .find(|entry| !entry.is_below());
        match stray {
            Some(entry) => Err(format!("`{}` leads out of its folder", entry.path.display())),
            None => Ok(list),
        }
    }
}

/// The list, and the folder it is in.
#[derive(Debug)]
pub(super) struct PageList {
    folder: PathBuf,
    info: PageEntry,
    pages: Vec<PageEntry>,
    /// Rows whose geometry the service couldn't give in full.
    pub(super) generalised: u64,
}

impl PageList {
    /// Reads the list at `path`.
    pub(super) fn read(path: &Path, shown: &Arc<str>) -> Result<Self, SourceError> {
        let mut text = Vec::new();
        File::open(path)
            .and_then(|file| file.take(LIST_BYTES + 1).read_to_end(&mut text))
            .map_err(|source| SourceError::Open {
                shown: shown.to_string(),
                source,
            })?;
        let list = ListFile::parse(&text).map_err(|reason| pull_error(shown, "the list of pages", reason))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let generalised = list.generalised.len() as u64;
        Ok(Self {
            folder,
            info: list.info,
            pages: list.pages,
            generalised,
        })
    }

    /// The pages in row order.
    pub(super) fn pages(&self) -> &[PageEntry] {
        &self.pages
    }

    /// The layer's info as it came.
    pub(super) fn read_info(&self, shown: &str) -> Result<Vec<u8>, SourceError> {
        let what = "the layer's info";
        if self.info.bytes > INFO_BYTES {
            return Err(pull_error(
                shown,
                what,
                format!("it is longer than {INFO_BYTES} bytes"),
            ));
        }
        let mut text = Vec::new();
        let mut input = self
            .open_page(&self.info)
            .map_err(|error| pull_error(shown, what, error.to_string()))?;
        input
            .read_to_end(&mut text)
            .map_err(|error| pull_error(shown, what, error.to_string()))?;
        input
            .check_end()
            .map_err(|reason| pull_error(shown, what, reason))?;
        Ok(text)
    }

    /// Opens a page for reading, decompressed.
    pub(super) fn open_page(&self, entry: &PageEntry) -> io::Result<PageInput> {
        let decoder = zstd::Decoder::new(File::open(self.folder.join(&entry.path))?)?;
        Ok(PageInput {
            // One byte more tells a page that is too long from a whole one.
            inner: decoder.take(entry.bytes.saturating_add(1)),
            digest: Sha256::new(),
            read: 0,
            entry: entry.clone(),
        })
    }
}

impl PageEntry {
    fn is_below(&self) -> bool {
        // The list is a file like any other: damaged or forged, it must not have others opened.
        let mut components = self.path.components();
        self.path.components().next().is_some() && components.all(|part| matches!(part, Component::Normal(_)))
    }
}

/// A page's bytes, checked against the list when they have all been read.
pub(super) struct PageInput {
    inner: io::Take<zstd::Decoder<'static, io::BufReader<File>>>,
    digest: Sha256,
    read: u64,
    entry: PageEntry,
}

impl Read for PageInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Digested while it streams: a page is checked without being held, and what is wrong with it shows at its
        // end.
        let read = self.inner.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

impl PageInput {
    /// Reads what is left and says what is wrong with the page, if anything.
    pub(super) fn check_end(mut self) -> Result<(), String> {
        io::copy(&mut self, &mut io::sink()).map_err(|error| error.to_string())?;
        if self.read != self.entry.bytes {
            return Err(format!("it has not the {} bytes that came", self.entry.bytes));
        }
        if to_hex(&self.digest.finalize()) == self.entry.sha256 {
            Ok(())
        } else {
            Err("its bytes are not those that came".to_owned())
        }
    }
}
