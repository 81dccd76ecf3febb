//! What a process is asked to read: one line of JSON.

use std::ffi::OsString;
use std::io::{self, BufRead, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::feature::{Crs, Landed};
use crate::plan::{Format, Limits, SourcePlan};

/// Longest question, bytes: names of files, columns and sheets.
const LONGEST: u64 = 1 << 20;

/// A source to read, and what it may take.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Question {
    /// What to open; not all names are UTF-8.
    path: Vec<u8>,
    shown: String,
    format: Format,
    crs: Option<WholeCrs>,
    schema_crs: Option<WholeCrs>,
    limits: Limits,
    /// Memory of the process, bytes.
    pub(super) memory: u64,
}

/// A CRS with its definition, which others are shown by its name alone.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WholeCrs {
    Crs84,
    Code(String),
    Wkt(String),
}

impl From<&Crs> for WholeCrs {
    fn from(crs: &Crs) -> Self {
        match crs {
            Crs::Crs84 => Self::Crs84,
            Crs::Code(code) => Self::Code(code.clone()),
            Crs::Wkt(wkt) => Self::Wkt(wkt.clone()),
        }
    }
}

impl From<WholeCrs> for Crs {
    fn from(crs: WholeCrs) -> Self {
        match crs {
            WholeCrs::Crs84 => Self::Crs84,
            WholeCrs::Code(code) => Self::Code(code),
            WholeCrs::Wkt(wkt) => Self::Wkt(wkt),
        }
    }
}

/// A question as `source::open` takes it.
pub(super) struct ReadRequest {
    pub(super) landed: Landed,
    pub(super) plan: SourcePlan,
    pub(super) limits: Limits,
    pub(super) schema_crs: Option<Crs>,
    pub(super) memory: u64,
}

impl Question {
    pub(super) fn new(
        landed: &Landed,
        plan: &SourcePlan,
        limits: &Limits,
        schema_crs: Option<&Crs>,
        memory: u64,
    ) -> Self {
        Self {
            path: landed.path.as_os_str().as_bytes().to_vec(),
            shown: plan.shown.to_string(),
            format: plan.format.clone(),
            crs: plan.crs.as_ref().map(WholeCrs::from),
            schema_crs: schema_crs.map(WholeCrs::from),
            limits: *limits,
            memory,
        }
    }

    /// As it is sent.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("numbers and texts are JSON");
        line.push(b'\n');
        line
    }

    /// The question that stands on the next line; none after the last.
    pub(super) fn read_next(from: &mut impl BufRead) -> io::Result<Option<ReadRequest>> {
        let mut line = Vec::new();
        if from.take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let question: Self = serde_json::from_slice(&line)?;
        Ok(Some(question.into_request()))
    }

    fn into_request(self) -> ReadRequest {
        let path = PathBuf::from(OsString::from_vec(self.path));
        let crs = self.crs.map(Crs::from);
        let plan = SourcePlan::for_file(path.clone(), self.shown.into(), self.format, crs);
        let schema_crs = self.schema_crs.map(Crs::from);
        ReadRequest {
            landed: Landed::in_place(path),
            plan,
            limits: self.limits,
            schema_crs,
            memory: self.memory,
        }
    }
}
