//! The files of a shapefile as bytes: whether they are of one length, and the numbers that GDAL cuts short.
//!
//! After Esri's description of the format and that of dBASE III. GDAL makes doubles of whole numbers of nineteen digits
//! and more, so that two ids become one; here they are read as they stand. Nothing else is.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::archive::{ArchiveEntry, FoundDataset};

/// Bytes of the header of a `.shx`.
const SHX_HEADER: usize = 100;

/// Bytes of each of its records.
const SHX_RECORD: u64 = 8;

/// Bytes before the field descriptions of a `.dbf`, and of each of these.
const DBF: usize = 32;

/// Digits from which on GDAL makes a double of a whole number.
const WIDE: u8 = 19;

/// Digits before the point from which on a double doesn't hold all whole numbers.
const EXACT: u8 = 16;

/// One of the files that make up a shapefile.
struct ShapefilePart {
    bytes: Box<dyn Read + Send>,
    len: u64,
}

/// Which of its files a shapefile can't be read without, and lacks.
///
/// # Errors
/// Where the folder or the archive can't be read.
pub(super) fn missing_file(found: &FoundDataset) -> io::Result<Option<String>> {
    for extension in ["shx", "dbf"] {
        if open_part(found, extension)?.is_none() {
            return Ok(Some(format!(
                "there is no .{extension} beside it; fetch all of its files again, of one export"
            )));
        }
    }
    Ok(None)
}

/// Why shapes and attributes can't be put together: a shapefile has one of each for a row.
///
/// # Errors
/// Where the files can't be read.
pub(super) fn row_mismatch(found: &FoundDataset) -> io::Result<Option<String>> {
    let shx = open_part(found, "shx")?;
    let dbf = open_part(found, "dbf")?;
    let (Some(mut shx), Some(mut dbf)) = (shx, dbf) else {
        return Ok(None);
    };
    let mut index = [0; SHX_HEADER];
    shx.bytes.read_exact(&mut index)?;
    // Some writers leave bytes behind the last record: the header says where it ends, in words of 16 bits.
    let stated = 2 * u64::from(u32::from_be_bytes([index[24], index[25], index[26], index[27]]));
    let shapes = shx.len.min(stated).saturating_sub(SHX_HEADER as u64) / SHX_RECORD;
    let mut header = [0; DBF];
    dbf.bytes.read_exact(&mut header)?;
    let rows = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
    Ok((shapes != rows).then(|| {
        format!(
            "its .shx has {shapes} shapes and its .dbf {rows} rows, where each row has one of both; \
             fetch all of its files again, of one export"
        )
    }))
}

/// Reads the whole numbers of many digits, row by row.
pub(super) struct WideNumbers {
    bytes: Box<dyn Read + Send>,
    record: Vec<u8>,
    /// Rows read so far; the last of them is in `record`.
    read: u64,
    /// Where in a record each field is that has such numbers.
    places: Vec<Option<Range<usize>>>,
}

impl WideNumbers {
    /// Those of a shapefile; none where it has no field of them.
    ///
    /// # Errors
    /// Where the `.dbf` can't be read.
    pub(super) fn open(found: &FoundDataset) -> io::Result<Option<Self>> {
        let Some(ShapefilePart { mut bytes, .. }) = open_part(found, "dbf")? else {
            return Ok(None);
        };
        let mut start = [0; DBF];
        bytes.read_exact(&mut start)?;
        let [header, record] = [8, 10].map(|at| usize::from(u16::from_le_bytes([start[at], start[at + 1]])));
        let mut fields = vec![0; header.saturating_sub(DBF)];
        bytes.read_exact(&mut fields)?;
        let mut places = Vec::new();
        // A record begins with the mark of a deleted one.
        let mut at = 1;
        // Of the 32 bytes of a field: its type is the 12th, its length the 17th, its decimals the 18th. A carriage
        // return ends the list, behind which Visual FoxPro keeps more.
        for field in fields.chunks_exact(DBF).take_while(|field| field[0] != b'\r') {
            let place = at..at + usize::from(field[16]);
            at = place.end;
            // The point takes a character of the length, too.
            let before_point = if field[17] == 0 {
                field[16]
            } else {
                field[16].saturating_sub(field[17] + 1)
            };
            let most = if field[17] == 0 { WIDE } else { EXACT };
            let is_wide = matches!(field[11], b'N' | b'F') && before_point >= most;
            places.push((is_wide && at <= record).then_some(place));
        }
        let has_any = places.iter().any(Option::is_some);
        Ok(has_any.then(|| Self {
            bytes,
            record: vec![0; record],
            read: 0,
            places,
        }))
    }

    /// Goes to a row, counted from 0; rows are asked for in their order.
    ///
    /// # Errors
    /// Where the `.dbf` ends before it.
    pub(super) fn go_to_row(&mut self, row: u64) -> io::Result<()> {
        while self.read <= row {
            self.bytes.read_exact(&mut self.record)?;
            self.read += 1;
        }
        Ok(())
    }

    /// The digits of a field in the current row: none where it has other numbers, and where it has none.
    pub(super) fn wide_digits(&self, field: usize) -> Option<&str> {
        let place = self.places.get(field)?.clone()?;
        let text = std::str::from_utf8(&self.record[place]).ok()?.trim();
        // Zeros behind the point are nothing's digits.
        let whole = text
            .split_once('.')
            .filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
        let text = whole.map_or(text, |(whole, _)| whole);
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
    }
}

/// The file of a shapefile with this extension; none where there is none.
fn open_part(found: &FoundDataset, extension: &str) -> io::Result<Option<ShapefilePart>> {
    match &found.packed {
        Some(packed) => packed_part(packed, extension),
        None => plain_part(&found.name, extension),
    }
}

fn plain_part(path: &Path, extension: &str) -> io::Result<Option<ShapefilePart>> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // Some programs write .SHP beside .dbf.
    for entry in fs::read_dir(folder)? {
        let candidate = entry?.path();
        if candidate.file_stem() == path.file_stem() && has_extension(&candidate, extension) {
            let file = File::open(&candidate)?;
            let len = file.metadata()?.len();
            return Ok(Some(ShapefilePart {
                bytes: Box::new(BufReader::new(file)),
                len,
            }));
        }
    }
    Ok(None)
}

fn packed_part(packed: &ArchiveEntry, extension: &str) -> io::Result<Option<ShapefilePart>> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(&packed.archive)?))?;
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let name = Path::new(&name);
        let wanted = Path::new(&packed.entry);
        // The archive is read from where an entry's bytes begin: the reader of `zip` borrows its archive, and rows
        // are asked for one by one.
        let is_part = name.with_extension("") == wanted.with_extension("") && has_extension(name, extension);
        let Some(start) = entry.data_start().filter(|_| is_part) else {
            continue;
        };
        let len = entry.size();
        let packed_len = entry.compressed_size();
        let method = entry.compression();
        let mut file = File::open(&packed.archive)?;
        file.seek(SeekFrom::Start(start))?;
        let raw = BufReader::new(file).take(packed_len);
        let bytes: Box<dyn Read + Send> = match method {
            CompressionMethod::Stored => Box::new(raw),
            CompressionMethod::Deflated => Box::new(BufReader::new(DeflateDecoder::new(raw))),
            _ => continue,
        };
        return Ok(Some(ShapefilePart { bytes, len }));
    }
    Ok(None)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|own| own.eq_ignore_ascii_case(extension))
}
