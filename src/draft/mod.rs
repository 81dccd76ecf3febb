//! A first schema from a file: what a person would otherwise type from the header line.
//!
//! Reads through `source` and writes nothing; everything it says is a proposal to edit, marked so
//! where it is a guess. A CRS is never guessed: where the file is silent, the draft asks.

mod ceiling;
mod choose_key;
mod claims;
mod codes;
mod column;
mod composite_key;
mod crs;
mod crs_evidence;
mod dates;
mod distinct;
mod field;
mod field_text;
mod geometry;
mod identity;
mod infer;
mod key;
mod kind;
mod layer;
mod look;
mod names;
mod nulls;
mod parts;
mod pipeline;
mod places;
mod proof;
mod rejected;
mod request;
mod rows;
mod sector;
mod sentinel;
mod snake_case;
mod survey;
mod toml_text;
mod trial;
mod whose;
mod words;
mod write;

use std::path::Path;

pub use request::Request;
pub use write::Draft;

use self::claims::StateClaims;
use self::kind::Kind;
use crate::error::Error;
use crate::plan::Reference;
use crate::source::SourceError;

/// The draft of a schema for a file.
///
/// States are recognised by the spellings that `reference` has, and the sector guessed from its
/// NAICS rules; an empty reference leaves both to names. `folder` is what the pipeline calls the
/// reference tables, where they stand elsewhere than beside the schemas.
///
/// ```
/// use cikr::draft::{Request, draft};
/// use cikr::plan::Reference;
///
/// let request = Request {
///     path: "sample-data/hospitals.csv".into(),
///     shown: "../sample-data/hospitals.csv".to_owned(),
///     table: None,
///     rows: Some(100),
///     id: None,
///     agency: None,
///     licence: None,
///     is_saved: false,
/// };
/// let draft = draft(&request, &Reference::default(), None).unwrap();
/// assert_eq!((draft.id.as_str(), draft.rows), ("hospitals", 100));
/// assert_eq!(draft.key, ["id"]);
/// ```
///
/// # Errors
/// When the file can't be opened or read, or has no such table.
pub fn draft(wanted: &Request, reference: &Reference, folder: Option<&str>) -> Result<Draft, Error> {
    let inner = look::landable_file(&wanted.path, wanted.table.as_deref());
    let name = inner.as_deref().and_then(Path::file_name);
    let wanted = &match (&inner, name) {
        (Some(path), Some(name)) => Request {
            path: path.clone(),
            shown: Path::new(&wanted.shown).join(name).display().to_string(),
            // What was the name of the file among others is no table within it.
            table: None,
            ..wanted.clone()
        },
        _ => wanted.clone(),
    };
    of_file(wanted, reference, folder).map_err(|source| Error::Describe {
        path: wanted.path.clone(),
        source,
    })
}

/// The draft of a file that a run could land.
fn of_file(wanted: &Request, reference: &Reference, folder: Option<&str>) -> Result<Draft, SourceError> {
    let mut survey = look::look_through(wanted, reference)?;
    let kinds: Vec<Kind> = survey.columns.iter().map(infer::infer_kind).collect();
    let key = choose_key::choose_key(&survey, &kinds, wanted)?;
    // A further pass over the file; without places or keys every row would be a reject, and the count says
    // nothing.
    if survey.has_coordinates && key.is_some() {
        let mut claims = StateClaims::new(&survey, &kinds, &reference.states);
        let fields = field::fields_of(&survey, &kinds, key.as_ref());
        let of_key = field::fields_of_key(&fields, key.as_ref());
        let rejected = trial::count_rejects(&survey, wanted, &of_key, &reference.states, &mut claims);
        let outside = claims.outside_question();
        survey.rejected = rejected?;
        survey.outside = outside;
    }
    // Made again: the fields borrow the survey, which has just been told what a run would reject.
    let fields = field::fields_of(&survey, &kinds, key.as_ref());
    Ok(write::write_draft(
        wanted,
        &survey,
        &fields,
        key.as_ref(),
        reference,
        folder,
    ))
}
