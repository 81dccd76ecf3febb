//! A GeoJSON `FeatureCollection`, one feature at a time.
//!
//! Only the top-level `features` counts. A bad feature is a defect and the next one is read; a
//! file that breaks off is an error that says after which feature. The legacy `crs` member
//! (GeoJSON 2008) is honoured before and after the features, and so is what says that there are more (`completeness`).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::completeness::Completeness;
use super::feature::put_feature;
use crate::feature::{Crs, RejectReason};
use crate::source::Records;
use crate::source::batch::BatchBuilder;
use crate::source::crs_code::parse_crs_code;
use crate::source::error::SourceError;
use crate::source::json::{self, Captured, ScanError, Scanner};
use crate::source::sniff;
use crate::source::stated_crs::StatedCrs;

/// How much of the end of a file is searched for a `crs` member. One that hides farther from the
/// end is still seen after the last feature, and is an error then unless it changes nothing.
const TAIL: u64 = 64 << 10;

/// Longest member beside the features that is looked at, bytes.
const MEMBER_BYTES: usize = 1 << 20;

/// Members that only Esri's own JSON has.
const ESRI: [&str; 3] = ["spatialReference", "objectIdFieldName", "geometryType"];

/// Reads the features of one collection.
pub(in crate::source) struct CollectionRecords {
    shown: Arc<str>,
    scanner: Scanner<BufReader<File>>,
    limit: usize,
    row: u64,
    stated: StatedCrs,
    completeness: Completeness,
    raw: Vec<u8>,
    wkb: Vec<u8>,
}

impl CollectionRecords {
    /// Opens the file at `path` and finds its features and its CRS.
    pub(in crate::source) fn open(path: &Path, shown: &Arc<str>, limit: usize) -> Result<Self, SourceError> {
        let mut records = Self::open_at_features(path, shown, limit)?;
        // The CRS must be known before the first row is handed on, and the member may stand behind the last. Reading
        // a file twice is worth it only where its end has the word.
        let unseen = records.stated == StatedCrs::Rfc7946;
        if unseen && tail_names_crs(path).map_err(|source| records.read_error(source))? {
            let mut ahead = Self::open_at_features(path, shown, limit)?;
            while ahead.capture_feature()?.is_some() {}
            if let Some(stated) = ahead.read_end()? {
                records.stated = stated;
            }
        }
        Ok(records)
    }

    /// What the file says about its CRS.
    pub(in crate::source) fn stated_crs(&self) -> StatedCrs {
        self.stated.clone()
    }

    /// Goes over all features and gives their number.
    pub(in crate::source) fn count_features(mut self) -> Result<u64, SourceError> {
        while self.capture_feature()?.is_some() {}
        Ok(self.row)
    }

    fn open_at_features(path: &Path, shown: &Arc<str>, limit: usize) -> Result<Self, SourceError> {
        let text = sniff::open_text(path, shown, "a GeoJSON FeatureCollection")?;
        if !matches!(text.head.trim_ascii_start(), [b'{', ..]) {
            return Err(SourceError::Unexpected {
                shown: shown.to_string(),
                expected: "a GeoJSON FeatureCollection",
                found: "text that is no JSON object",
            });
        }
        let mut records = Self {
            shown: Arc::clone(shown),
            scanner: Scanner::new(text.reader),
            limit,
            row: 0,
            stated: StatedCrs::Rfc7946,
            completeness: Completeness::default(),
            raw: Vec::new(),
            wkb: Vec::new(),
        };
        records.go_to_features()?;
        Ok(records)
    }

    /// Steps into the `features` array; notes what a `crs` member before it says.
    fn go_to_features(&mut self) -> Result<(), SourceError> {
        const PLACE: &str = "before its features";
        let mut found = Vec::new();
        let mut more = self.accept(b'{', PLACE)?;
        while more {
            let Some(key) = self.member_key(PLACE)? else { break };
            if key == "features" {
                // Esri JSON has `features` too, with `attributes` in the place of `properties`: each of its rows
                // would be a reject.
                if found.iter().any(|name: &String| ESRI.contains(&name.as_str())) {
                    return Err(SourceError::Unexpected {
                        shown: self.shown.to_string(),
                        expected: "GeoJSON",
                        found: "Esri JSON (ask the service for `f=geojson`)",
                    });
                }
                return match self.scanner.expect(b'[') {
                    Err(ScanError::Byte(_)) => Err(SourceError::NoFeatures {
                        shown: self.shown.to_string(),
                        found,
                    }),
                    opened => opened.map_err(|error| self.scan_error_at(error, PLACE)),
                };
            }
            if let Some(stated) = self.member_value(&key, PLACE)? {
                self.stated = stated;
            }
            found.push(key);
            more = self.accept(b',', PLACE)?;
        }
        match self.peek(PLACE)? {
            None => Err(self.scan_error_at(ScanError::End, PLACE)),
            Some(_) => Err(SourceError::NoFeatures {
                shown: self.shown.to_string(),
                found,
            }),
        }
    }

    /// Captures the next feature; `None` behind the last.
    fn capture_feature(&mut self) -> Result<Option<Captured>, SourceError> {
        let next = self.row + 1;
        if self
            .scanner
            .accept(b']')
            .map_err(|error| self.scan_error(error))?
        {
            return Ok(None);
        }
        if self.row > 0 {
            self.scanner
                .expect(b',')
                .map_err(|error| self.scan_error(error))?;
        }
        let captured = self
            .scanner
            .capture_value(&mut self.raw, self.limit)
            .map_err(|error| self.scan_error(error))?;
        self.row = next;
        Ok(Some(captured))
    }

    /// Reads what follows the features; gives what a `crs` member there says.
    fn read_end(&mut self) -> Result<Option<StatedCrs>, SourceError> {
        const PLACE: &str = "after its features";
        let mut stated = None;
        while self.accept(b',', PLACE)? {
            let Some(key) = self.member_key(PLACE)? else { break };
            // Of a member that is there twice, some parsers take the first and others the last: nobody can say which
            // rows were meant.
            if key == "features" {
                return Err(self.json_error("a second `features` follows".to_owned()));
            }
            stated = self.member_value(&key, PLACE)?.or(stated);
        }
        self.expect(b'}', PLACE)?;
        if self.peek(PLACE)?.is_some() {
            return Err(self.json_error("something follows the end of the collection".to_owned()));
        }
        match self.completeness.why_partial(self.row) {
            Some(reason) => Err(SourceError::Partial {
                shown: self.shown.to_string(),
                reason,
            }),
            None => Ok(stated),
        }
    }

    /// The key of the next member, behind its colon; `None` where there is no member.
    fn member_key(&mut self, place: &'static str) -> Result<Option<String>, SourceError> {
        if self.peek(place)? != Some(b'"') {
            return Ok(None);
        }
        self.capture_member(place)?;
        self.expect(b':', place)?;
        Ok(json::parse_string(&self.raw).map(Into::into))
    }

    /// Takes a member's value; gives what it says if it is the `crs`.
    fn member_value(&mut self, key: &str, place: &'static str) -> Result<Option<StatedCrs>, SourceError> {
        self.capture_member(place)?;
        self.completeness.note_member(key, &self.raw);
        if key == "crs" {
            crs_member(&self.shown, &self.raw).map(Some)
        } else {
            Ok(None)
        }
    }

    fn peek(&mut self, place: &'static str) -> Result<Option<u8>, SourceError> {
        self.scanner
            .peek()
            .map_err(|error| self.scan_error_at(error, place))
    }

    fn accept(&mut self, byte: u8, place: &'static str) -> Result<bool, SourceError> {
        self.scanner
            .accept(byte)
            .map_err(|error| self.scan_error_at(error, place))
    }

    fn expect(&mut self, byte: u8, place: &'static str) -> Result<(), SourceError> {
        self.scanner
            .expect(byte)
            .map_err(|error| self.scan_error_at(error, place))
    }

    /// Takes a key or a value beside the features into `self.raw`.
    fn capture_member(&mut self, place: &'static str) -> Result<(), SourceError> {
        self.scanner
            .capture_value(&mut self.raw, MEMBER_BYTES)
            .map_err(|error| self.scan_error_at(error, place))?;
        Ok(())
    }

    /// Why the features can't be read on.
    fn scan_error(&self, error: ScanError) -> SourceError {
        match error {
            ScanError::Io(source) => self.read_error(source),
            ScanError::End => SourceError::Truncated {
                shown: self.shown.to_string(),
                row: self.row,
            },
            ScanError::Byte(byte) => {
                self.json_error(format!("`{}` where JSON doesn't allow it", byte.escape_ascii()))
            }
        }
    }

    /// Why the collection can't be read on before or after them.
    fn scan_error_at(&self, error: ScanError, place: &'static str) -> SourceError {
        match error {
            ScanError::End => SourceError::CutOff {
                shown: self.shown.to_string(),
                place,
            },
            error => self.scan_error(error),
        }
    }

    fn json_error(&self, reason: String) -> SourceError {
        SourceError::BrokenJson {
            shown: self.shown.to_string(),
            row: self.row + 1,
            reason,
        }
    }

    fn read_error(&self, source: io::Error) -> SourceError {
        SourceError::Read {
            shown: self.shown.to_string(),
            row: self.row,
            source,
        }
    }
}

impl Records for CollectionRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        match self.capture_feature()? {
            Some(Captured::Whole) => {
                put_feature(&self.raw, self.row, &self.shown, batch, &mut self.wkb)?;
            }
            Some(Captured::TooLong) => {
                batch.note_defect(
                    "record",
                    &format!("over {} bytes", self.limit),
                    RejectReason::RecordTooLong,
                );
                batch.end_row(self.row, None);
            }
            None => {
                let known = if self.stated == StatedCrs::Rfc7946 {
                    StatedCrs::Named(Crs::Crs84)
                } else {
                    self.stated.clone()
                };
                // What follows the features is read in any case: it may say that they are a part of all there are.
                match self.read_end()? {
                    Some(late) if late != known => {
                        let value = "after its features: move it before them".to_owned();
                        return Err(SourceError::CrsMember {
                            shown: self.shown.to_string(),
                            value,
                        });
                    }
                    _ => return Ok(false),
                }
            }
        }
        Ok(true)
    }
}

/// Whether the last bytes of a file hold the word `"crs"`.
fn tail_names_crs(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let word = b"\"crs\"";
    Ok(tail.windows(word.len()).any(|window| window == word))
}

/// A value as text.
fn display_value(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether the name of a CRS stands for none: `urn:ogc:def:crs:EPSG::0`, `EPSG:None`, `undefined`.
fn names_no_crs(name: &str) -> bool {
    const NOTHING: [&str; 8] = ["", "0", "-1", "99999", "none", "null", "undefined", "unknown"];
    let code = name.trim().rsplit([':', '/']).next().unwrap_or_default();
    NOTHING.iter().any(|nothing| nothing.eq_ignore_ascii_case(code))
}

/// What the legacy `crs` member says: a name, an EPSG code, or null ("no CRS can be assumed").
fn crs_member(shown: &str, raw: &[u8]) -> Result<StatedCrs, SourceError> {
    let member: Value = serde_json::from_slice(raw).unwrap_or_default();
    if raw == b"null" {
        return Ok(StatedCrs::Silent);
    }
    let properties = member.get("properties");
    let name = properties.and_then(|properties| properties.get("name"));
    let code = properties.and_then(|properties| properties.get("code"));
    let names: Vec<String> = [name, code].into_iter().flatten().map(display_value).collect();
    // Programs write such names where their data has no CRS, and readers that take them for one put the rows
    // somewhere.
    if member.is_object() && names.iter().all(|names| names_no_crs(names)) {
        return Ok(StatedCrs::Unclear(names.join(" ")));
    }
    name.and_then(Value::as_str)
        .and_then(parse_crs_code)
        .or_else(|| parse_crs_code(&code?.as_u64()?.to_string()))
        .map(StatedCrs::Named)
        .ok_or_else(|| SourceError::CrsMember {
            shown: shown.to_owned(),
            value: String::from_utf8_lossy(&raw[..raw.len().min(200)]).into_owned(),
        })
}
