//! Files for people to edit: drafts of schemas and pipelines, outside any store.

use std::path::{Path, PathBuf};

use super::disk;
use super::error::StoreError;

/// Writes text files, each whole, with their folders; an existing one only where `replace` says so.
///
/// ```
/// use cikr::store::{StoreError, write_texts};
///
/// let folder = tempfile::tempdir().unwrap();
/// let draft = [(folder.path().join("schemas/dams.toml"), "key = \"id\"\n")];
/// write_texts(&draft, false).unwrap();
/// assert!(matches!(write_texts(&draft, false), Err(StoreError::Exists { .. })));
/// assert!(write_texts(&draft, true).is_ok());
/// ```
///
/// # Errors
/// One of the files exists (then none is written), or the disk refuses.
pub fn write_texts(files: &[(PathBuf, &str)], replace: bool) -> Result<(), StoreError> {
    let taken = files
        .iter()
        .find(|(path, _)| !replace && path.symlink_metadata().is_ok());
    if let Some((path, _)) = taken {
        return Err(StoreError::Exists { path: path.clone() });
    }
    for (path, text) in files {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        disk::create_folder(folder)?;
        disk::put_file_for(disk::Readers::Umask, folder, path, text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::read_to_string;

    #[test]
    fn an_existing_file_is_replaced_only_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (
            folder.path().join("schemas/a.toml"),
            folder.path().join("pipelines/a.toml"),
        );
        write_texts(&[(b.clone(), "mine")], false).unwrap();
        let both = [(a.clone(), "schema"), (b.clone(), "pipeline")];
        let error = write_texts(&both, false).unwrap_err();
        assert!(matches!(&error, StoreError::Exists { path } if *path == b));
        assert!(!a.exists() && read_to_string(&b).unwrap() == "mine");
        write_texts(&both, true).unwrap();
        assert_eq!(
            (read_to_string(&a).unwrap(), read_to_string(&b).unwrap()),
            ("schema".into(), "pipeline".into())
        );
        assert_eq!(
            std::fs::read_dir(folder.path().join("schemas")).unwrap().count(),
            1,
            "nothing is left over"
        );
    }
}
