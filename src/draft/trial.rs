//! The rows that a run of the draft would reject, found as a run finds them: a further look through the file.
//!
//! Reads through `rows` and has `kernel` judge the rows, by a schema that holds the key's fields alone.

use std::collections::HashSet;

use super::claims::StateClaims;
use super::crs_evidence::CrsEvidence;
use super::distinct::hash_value;
use super::field::FieldDraft;
use super::rejected::RejectedRows;
use super::request::Request;
use super::rows::read_batches;
use super::survey::Survey;
use crate::feature::{Crs, Reproject};
use crate::kernel::again::SecondReading;
use crate::kernel::normalise::normalise;
use crate::plan::{GeometryKind, LayerSchema, NaicsUse, SectorPlan, State};
use crate::source::{self, SourceError};

/// Hashes of keys that there is room for: about a quarter of a gigabyte.
const ROOM: usize = 12 << 20;

/// Scales positions down, so that none is beyond anything: nobody has said yet what they are.
struct UnknownCrs;

impl Reproject for UnknownCrs {
    fn to_crs84(&self, x: &mut [f64], y: &mut [f64]) -> Result<(), String> {
        x.iter_mut().chain(y).for_each(|coordinate| *coordinate /= 1e6);
        Ok(())
    }
}

/// Counts them; none where there is no room to, or the CRS is none that a run could read. The look is shared with `claims`.
pub(super) fn count_rejects(
    survey: &Survey,
    wanted: &Request,
    key: &[&FieldDraft<'_>],
    states: &[State],
    claims: &mut StateClaims<'_>,
) -> Result<Option<RejectedRows>, SourceError> {
    let schema = key_schema(survey, key);
    let crs = match &survey.crs {
        CrsEvidence::Stated(crs) => Some(crs.clone()),
        CrsEvidence::Inferred(code, _) => Some(Crs::Code(code.clone())),
        CrsEvidence::Asked => None,
    };
    let reproject = match &crs {
        Some(crs) => source::reprojection_to_crs84(crs),
        None => Ok(Some(Box::new(UnknownCrs) as Box<dyn Reproject>)),
    };
    let Ok(reproject) = reproject else { return Ok(None) };
    let mut rejected = RejectedRows::default();
    // `normalise` knows one batch; keys repeat across all of them.
    let mut seen: HashSet<u64> = HashSet::new();
    for batch in read_batches(&survey.format, wanted, None)? {
        let mut batch = batch?;
        claims.note_batch(&batch);
        if let Some(crs) = &crs {
            batch.crs = crs.clone();
        }
        // What the kernel can't do is a mistake of this program, which a run would tell of.
        let Ok(rows) = normalise(
            &batch,
            &schema,
            states,
            &SecondReading::default(),
            reproject.as_deref(),
        ) else {
            return Ok(None);
        };
        rejected.note_rejects(&rows.rejects);
        rejected.rows += rows
            .keys
            .iter()
            .flatten()
            .filter(|key| !seen.insert(hash_value(key)))
            .count() as u64;
        if seen.len() > ROOM {
            return Ok(None);
        }
    }
    Ok(Some(rejected))
}

/// What decides whether a row can stand: its key and the family of its geometry.
fn key_schema(survey: &Survey, key: &[&FieldDraft<'_>]) -> LayerSchema {
    let family = survey.shapes.families().first().map(|(kind, _)| *kind);
    LayerSchema {
        id: survey.id.clone(),
        title: String::new(),
        description: String::new(),
        agency: String::new(),
        licence: String::new(),
        homepage: None,
        synthetic: false,
        unverified: false,
        key: key.iter().map(|field| field.name.clone()).collect(),
        key_repeated: Vec::new(),
        keeps_last: false,
        geometry: family.unwrap_or(GeometryKind::Point),
        crs: None,
        max_rejects: 1.0,
        handling: String::new(),
        sector: SectorPlan {
            code: String::new(),
            subsector: None,
            also: Vec::new(),
            lifeline: None,
            naics: NaicsUse::Ignore,
            rules: Vec::new(),
        },
        excludes: Vec::new(),
        fields: key.iter().map(|field| field.as_in_a_run()).collect(),
    }
}
