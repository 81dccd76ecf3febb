//! Polygon sets on the command line: `--to` and what goes with it.
//!
//! Every flag that is about a set takes `ID=VALUE`; where there is one set, the value alone is enough.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::known_names_hint;
use crate::feature::Crs;
use crate::join::{FileAsked, JoinError, SetAsked};
use crate::store::KeptFolder;

/// Sets to join to.
#[derive(Debug, Args)]
pub(super) struct SetFlags {
    /// Polygon files, each with an id that its columns begin with [default: of the file's name]
    #[arg(long, value_name = "[ID=]FILE", required = true, value_delimiter = ',')]
    to: Vec<String>,
    /// Field of a set's codes [default: GEOID, FIPS and the like, which the summary tells]
    #[arg(long, value_name = "[ID=]FIELD", value_delimiter = ',')]
    code: Vec<String>,
    /// Field of a set's names [default: NAME and the like, if there]
    #[arg(long, value_name = "[ID=]FIELD", value_delimiter = ',')]
    name: Vec<String>,
    /// Table of a set's file, where it has several
    #[arg(long, value_name = "[ID=]NAME")]
    to_layer: Vec<String>,
    /// CRS of a set's file, where it doesn't say
    #[arg(long, value_name = "[ID=]CRS")]
    to_crs: Vec<String>,
    /// Folder to keep indexed sets in, so that the next command with the same file and fields reads them back; made where there is
    /// none, one file for each set and its fields, replaced when the set's file changes [default: none is kept]
    #[arg(long, value_name = "DIR")]
    kept_sets: Option<PathBuf>,
}

/// A CRS as people write one.
pub(super) fn parse_crs(text: &str) -> Result<Crs, String> {
    Crs::of_word(text).ok_or_else(|| "write `OGC:CRS84`, `EPSG:<code>` or `ESRI:<code>`".to_owned())
}

impl SetFlags {
    /// The folder that sets are kept in, where one is named.
    pub(super) fn kept_folder(&self) -> Result<Option<KeptFolder>, JoinError> {
        let folder = self.kept_sets.as_deref().map(KeptFolder::at).transpose();
        folder.map_err(|source| JoinError::Store { source })
    }

    /// The sets, or what the command line has wrong.
    pub(super) fn asked(&self) -> Result<Vec<SetAsked>, String> {
        let mut sets: Vec<SetAsked> = Vec::new();
        for written in &self.to {
            let set = parse_set(written)?;
            if sets.iter().any(|other| other.id == set.id) {
                return Err(format!("two sets are `{}`: name one by `--to ID=FILE`", set.id));
            }
            sets.push(set);
        }
        for written in &self.code {
            let (set, field) = choose_set(&mut sets, "--code", written)?;
            set.code = Some(field);
        }
        for written in &self.name {
            let (set, field) = choose_set(&mut sets, "--name", written)?;
            set.name = Some(field);
        }
        for written in &self.to_layer {
            let (set, layer) = choose_set(&mut sets, "--to-layer", written)?;
            set.file.layer = Some(layer);
        }
        for written in &self.to_crs {
            let (set, crs) = choose_set(&mut sets, "--to-crs", written)?;
            let known: Result<Crs, String> = parse_crs(&crs);
            set.file.crs = Some(known.map_err(|help| format!("`{crs}` is not a CRS: {help}"))?);
        }
        Ok(sets)
    }
}

fn parse_set(written: &str) -> Result<SetAsked, String> {
    // A path may hold `=`, as folders of partitions do: what stands before it is an id only if it looks like one.
    let named = written.split_once('=').filter(|(id, _)| is_id(id));
    let (id, path) = named.map_or_else(
        || (id_of_path(written), written),
        |(id, path)| (id.to_owned(), path),
    );
    if path.is_empty() {
        return Err(format!("`--to {written}` names no file"));
    }
    Ok(SetAsked {
        id,
        file: FileAsked::of_path(Path::new(path)),
        code: None,
        name: None,
    })
}

/// The set that a flag is about, and its value.
fn choose_set<'a>(
    sets: &'a mut [SetAsked],
    flag: &str,
    written: &str,
) -> Result<(&'a mut SetAsked, String), String> {
    if let Some((id, value)) = written.split_once('=') {
        let known: Vec<String> = sets.iter().map(|set| set.id.clone()).collect();
        let hint = known_names_hint(id, known.iter().map(String::as_str));
        let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        let found = sets.iter_mut().find(|set| set.id == id);
        return found
            .map(|set| (set, value.to_owned()))
            .ok_or_else(|| format!("`{flag} {written}`: no set is `{id}`{hint}"));
    }
    match sets {
        [only] => Ok((only, written.to_owned())),
        _ => Err(format!(
            "`{flag} {written}`: there are several sets, so write `{flag} ID={written}`"
        )),
    }
}

fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// An id of a file's name: letters and digits up to the first dot, in lower case.
fn id_of_path(path: &str) -> String {
    let name = Path::new(path)
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let id: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if is_id(&id) { id } else { format!("set_{id}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(to: &[&str], code: &[&str]) -> Result<Vec<SetAsked>, String> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        SetFlags {
            to: owned(to),
            code: owned(code),
            name: vec![],
            to_layer: vec![],
            to_crs: vec![],
            kept_sets: None,
        }
        .asked()
    }

    #[test]
    fn sets_are_called_by_their_files_or_as_told() {
        let sets = flags(
            &[
                "counties=a/b.gpkg",
                "cb_2023-state.zip",
                "2020.shp",
                "in/k=v/a.parquet",
            ],
            &["counties=FIPS"],
        );
        let sets = sets.unwrap();
        let ids: Vec<&str> = sets.iter().map(|set| set.id.as_str()).collect();
        assert_eq!(ids, ["counties", "cb_2023_state", "set_2020", "a"]);
        assert_eq!(sets[0].code.as_deref(), Some("FIPS"));
        assert_eq!(sets[3].file.path, Path::new("in/k=v/a.parquet"));
    }

    #[test]
    fn what_is_meant_of_several_sets_has_to_be_said() {
        let doubt = flags(&["a.shp", "b.shp"], &["GEOID"]).unwrap_err();
        assert!(doubt.contains("--code ID=GEOID"), "{doubt}");
        let unknown = flags(&["counties=a.shp"], &["county=GEOID"]).unwrap_err();
        assert!(unknown.contains("counties"), "{unknown}");
        assert!(flags(&["a.shp", "x/a.gpkg"], &[]).is_err());
        assert_eq!(
            flags(&["a.shp"], &["GEOID"]).unwrap()[0].code.as_deref(),
            Some("GEOID")
        );
    }
}
