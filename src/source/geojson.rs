//! A GeoJSON `FeatureCollection`, one feature at a time.
//!
//! Only the top-level `features` counts. A bad feature is a defect and the next one is read; a
//! file that breaks off is an error that says after which feature. The legacy `crs` member
//! (GeoJSON 2008) is honoured before and after the features, and so is what says that there are more (`geojson_part`).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::feature::{Crs, RejectReason};

use super::Records;
use super::batch::BatchBuilder;
use super::crs::{self, Stated};
use super::error::SourceError;
use super::geojson_part::Whole;
use super::geojson_row;
use super::json::{self, Captured, ScanError, Scanner};
use super::sniff;

/// How much of the end of a file is searched for a `crs` member. One that hides farther from the
/// end is still seen after the last feature, and is an error then unless it changes nothing.
const TAIL: u64 = 64 << 10;

/// Longest member beside the features that is looked at, bytes.
const MEMBER_BYTES: usize = 1 << 20;

/// Members that only Esri's own JSON has.
const ESRI: [&str; 3] = ["spatialReference", "objectIdFieldName", "geometryType"];

/// Reads the features of one collection.
pub(super) struct CollectionRecords {
    shown: Arc<str>,
    scanner: Scanner<BufReader<File>>,
    limit: usize,
    row: u64,
    stated: Stated,
    whole: Whole,
    raw: Vec<u8>,
    wkb: Vec<u8>,
}

impl CollectionRecords {
    /// Opens the file at `path` and finds its features and its CRS.
    pub(super) fn open(path: &Path, shown: &Arc<str>, limit: usize) -> Result<Self, SourceError> {
        let mut records = Self::open_at_features(path, shown, limit)?;
        let unseen = records.stated == Stated::Rfc7946;
        if unseen && tail_names_crs(path).map_err(|source| records.unreadable(source))? {
            let mut ahead = Self::open_at_features(path, shown, limit)?;
            while ahead.capture()?.is_some() {}
            if let Some(stated) = ahead.close()? {
                records.stated = stated;
            }
        }
        Ok(records)
    }

    /// What the file says about its CRS.
    pub(super) fn stated(&self) -> Stated {
        self.stated.clone()
    }

    /// Goes over all features and gives their number.
    pub(super) fn count(mut self) -> Result<u64, SourceError> {
        while self.capture()?.is_some() {}
        Ok(self.row)
    }

    fn open_at_features(path: &Path, shown: &Arc<str>, limit: usize) -> Result<Self, SourceError> {
        let text = sniff::open(path, shown, "a GeoJSON FeatureCollection")?;
        if !matches!(text.head.trim_ascii_start(), [b'{', ..]) {
            let (expected, found) = ("a GeoJSON FeatureCollection", "text that is no JSON object");
            return Err(SourceError::Unexpected {
                shown: shown.to_string(),
                expected,
                found,
            });
        }
        let mut records = Self {
            shown: Arc::clone(shown),
            scanner: Scanner::new(text.reader),
            limit,
            row: 0,
            stated: Stated::Rfc7946,
            whole: Whole::default(),
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
        let mut more = self
            .scanner
            .accept(b'{')
            .map_err(|error| self.outside(error, PLACE))?;
        while more {
            let Some(key) = self.member_key(PLACE)? else { break };
            if key == "features" {
                if found.iter().any(|name: &String| ESRI.contains(&name.as_str())) {
                    let (expected, found) = ("GeoJSON", "Esri JSON (ask the service for `f=geojson`)");
                    return Err(SourceError::Unexpected {
                        shown: self.shown.to_string(),
                        expected,
                        found,
                    });
                }
                return match self.scanner.expect(b'[') {
                    Err(ScanError::Byte(_)) => Err(SourceError::NoFeatures {
                        shown: self.shown.to_string(),
                        found,
                    }),
                    opened => opened.map_err(|error| self.outside(error, PLACE)),
                };
            }
            if let Some(stated) = self.member_value(&key, PLACE)? {
                self.stated = stated;
            }
            found.push(key);
            more = self
                .scanner
                .accept(b',')
                .map_err(|error| self.outside(error, PLACE))?;
        }
        match self.scanner.peek().map_err(|error| self.outside(error, PLACE))? {
            None => Err(self.outside(ScanError::End, PLACE)),
            Some(_) => Err(SourceError::NoFeatures {
                shown: self.shown.to_string(),
                found,
            }),
        }
    }

    /// Captures the next feature; `None` behind the last.
    fn capture(&mut self) -> Result<Option<Captured>, SourceError> {
        let next = self.row + 1;
        if self.scanner.accept(b']').map_err(|error| self.within(error))? {
            return Ok(None);
        }
        if self.row > 0 {
            self.scanner.expect(b',').map_err(|error| self.within(error))?;
        }
        let captured = self
            .scanner
            .value(&mut self.raw, self.limit)
            .map_err(|error| self.within(error))?;
        self.row = next;
        Ok(Some(captured))
    }

    /// Reads what follows the features; gives what a `crs` member there says.
    fn close(&mut self) -> Result<Option<Stated>, SourceError> {
        const PLACE: &str = "after its features";
        let mut stated = None;
        while self
            .scanner
            .accept(b',')
            .map_err(|error| self.outside(error, PLACE))?
        {
            let Some(key) = self.member_key(PLACE)? else { break };
            if key == "features" {
                return Err(self.broken("a second `features` follows".to_owned()));
            }
            stated = self.member_value(&key, PLACE)?.or(stated);
        }
        self.scanner
            .expect(b'}')
            .map_err(|error| self.outside(error, PLACE))?;
        if self
            .scanner
            .peek()
            .map_err(|error| self.outside(error, PLACE))?
            .is_some()
        {
            return Err(self.broken("something follows the end of the collection".to_owned()));
        }
        match self.whole.denial(self.row) {
            Some(said) => Err(SourceError::Part {
                shown: self.shown.to_string(),
                said,
            }),
            None => Ok(stated),
        }
    }

    /// The key of the next member, behind its colon; `None` where there is no member.
    fn member_key(&mut self, place: &'static str) -> Result<Option<String>, SourceError> {
        if self.scanner.peek().map_err(|error| self.outside(error, place))? != Some(b'"') {
            return Ok(None);
        }
        let key = self.scanner.value(&mut self.raw, MEMBER_BYTES);
        key.map_err(|error| self.outside(error, place))?;
        self.scanner
            .expect(b':')
            .map_err(|error| self.outside(error, place))?;
        Ok(json::string(&self.raw).map(Into::into))
    }

    /// Takes a member's value; gives what it says if it is the `crs`.
    fn member_value(&mut self, key: &str, place: &'static str) -> Result<Option<Stated>, SourceError> {
        let value = self.scanner.value(&mut self.raw, MEMBER_BYTES);
        value.map_err(|error| self.outside(error, place))?;
        self.whole.note(key, &self.raw);
        if key == "crs" {
            crs_member(&self.shown, &self.raw).map(Some)
        } else {
            Ok(None)
        }
    }

    fn within(&self, error: ScanError) -> SourceError {
        match error {
            ScanError::Io(source) => self.unreadable(source),
            ScanError::End => SourceError::Truncated {
                shown: self.shown.to_string(),
                row: self.row,
            },
            ScanError::Byte(byte) => {
                self.broken(format!("`{}` where JSON doesn't allow it", byte.escape_ascii()))
            }
        }
    }

    fn outside(&self, error: ScanError, place: &'static str) -> SourceError {
        match error {
            ScanError::End => SourceError::CutOff {
                shown: self.shown.to_string(),
                place,
            },
            error => self.within(error),
        }
    }

    fn broken(&self, reason: String) -> SourceError {
        SourceError::BrokenJson {
            shown: self.shown.to_string(),
            row: self.row + 1,
            reason,
        }
    }

    fn unreadable(&self, source: io::Error) -> SourceError {
        SourceError::Read {
            shown: self.shown.to_string(),
            row: self.row,
            source,
        }
    }
}

impl Records for CollectionRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        match self.capture()? {
            Some(Captured::Whole) => {
                geojson_row::put(&self.raw, self.row, &self.shown, batch, &mut self.wkb)?;
            }
            Some(Captured::TooLong) => {
                batch.defect(
                    "record",
                    &format!("over {} bytes", self.limit),
                    RejectReason::RecordTooLong,
                );
                batch.end_row(self.row, None);
            }
            None => {
                let default = || Stated::Named(Crs::Crs84);
                let known = if self.stated == Stated::Rfc7946 {
                    default()
                } else {
                    self.stated.clone()
                };
                match self.close()? {
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
fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether the name of a CRS stands for none: `urn:ogc:def:crs:EPSG::0`, `EPSG:None`, `undefined`.
fn says_nothing(name: &str) -> bool {
    const NOTHING: [&str; 8] = ["", "0", "-1", "99999", "none", "null", "undefined", "unknown"];
    let code = name.trim().rsplit([':', '/']).next().unwrap_or_default();
    NOTHING.iter().any(|nothing| nothing.eq_ignore_ascii_case(code))
}

/// What the legacy `crs` member says: a name, an EPSG code, or null ("no CRS can be assumed").
fn crs_member(shown: &str, raw: &[u8]) -> Result<Stated, SourceError> {
    let member: Value = serde_json::from_slice(raw).unwrap_or_default();
    if raw == b"null" {
        return Ok(Stated::Silent);
    }
    let property = |name: &str| {
        member
            .get("properties")
            .and_then(|properties| properties.get(name))
    };
    let said = [property("name"), property("code")]
        .into_iter()
        .flatten()
        .map(said)
        .collect::<Vec<_>>();
    if member.is_object() && said.iter().all(|said| says_nothing(said)) {
        return Ok(Stated::Unclear(said.join(" ")));
    }
    let named = property("name").and_then(Value::as_str).and_then(crs::named);
    let coded = || {
        property("code")
            .and_then(Value::as_u64)
            .and_then(|code| crs::named(&code.to_string()))
    };
    named
        .or_else(coded)
        .map(Stated::Named)
        .ok_or_else(|| SourceError::CrsMember {
            shown: shown.to_owned(),
            value: String::from_utf8_lossy(&raw[..raw.len().min(200)]).into_owned(),
        })
}
