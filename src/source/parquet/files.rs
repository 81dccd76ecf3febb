//! The files of a Parquet source, and what their folders' names say.
//!
//! A source is one file, or a folder of `.parquet` files at any depth, read in the order of their
//! paths. Folders named `key=value` make a column of text (hive partitions): percent-decoded,
//! `__HIVE_DEFAULT_PARTITION__` is null. Names that begin with `_` or `.` are other programs' notes
//! and are passed over; any other file that is no Parquet could hold rows and is an error.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::error::SourceError;
use crate::feature::extensions::is_parquet;

/// Files a folder may hold.
const MAX_FILES: usize = 100_000;

/// What partitioning writers call a null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A file, and what its folders say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DataFile {
    pub(super) path: PathBuf,
    /// Name in origins: the source's, and the path below it.
    pub(super) shown: Arc<str>,
    /// Partition keys with their values, outermost first.
    pub(super) keys: Vec<(String, Option<String>)>,
}

/// Whether a folder holds Parquet files, or folders that look like partitions.
pub(in crate::source) fn is_folder_of_parquet(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else {
        return false;
    };
    entries.flatten().any(|entry| {
        is_parquet(&entry.path())
            || (entry.path().is_dir() && entry.file_name().to_string_lossy().contains('='))
    })
}

/// The files of the landed file or folder at `path`, shown as `shown`.
pub(super) fn list_files(path: &Path, shown: &Arc<str>) -> Result<Vec<DataFile>, SourceError> {
    let metadata = fs::metadata(path).map_err(|source| open_error(shown, source))?;
    if !metadata.is_dir() {
        return Ok(vec![DataFile {
            path: path.to_owned(),
            shown: Arc::clone(shown),
            keys: Vec::new(),
        }]);
    }
    let mut found = Vec::new();
    walk_folder(path, "", &mut found).map_err(|source| open_error(shown, source))?;
    // In the order of their paths, which no file system promises: rows are numbered, and tiles packed, in this order.
    found.sort();
    if found.len() > MAX_FILES {
        return Err(SourceError::TooManyEntries {
            shown: shown.to_string(),
            entries: found.len(),
            limit: MAX_FILES,
        });
    }
    // A file that was left behind, or is still being written, could hold rows of the layer.
    if let Some(stray) = found.iter().find(|name| !is_parquet(Path::new(name))) {
        return Err(SourceError::StrayFile {
            shown: shown.to_string(),
            entry: stray.clone(),
        });
    }
    if found.is_empty() {
        return Err(SourceError::Dataset {
            shown: shown.to_string(),
            reason: "no .parquet file in it".into(),
        });
    }
    let files = found.into_iter().map(|name| DataFile {
        path: path.join(&name),
        shown: format!("{}/{name}", shown.trim_end_matches('/')).into(),
        keys: partition_keys(&name),
    });
    Ok(files.collect())
}

fn open_error(shown: &str, source: io::Error) -> SourceError {
    SourceError::Open {
        shown: shown.to_owned(),
        source,
    }
}

/// Collects the paths below `folder`, each with `prefix` before it and `/` between its parts.
fn walk_folder(folder: &Path, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(['_', '.']) || found.len() > MAX_FILES {
            continue;
        }
        let name = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            walk_folder(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.push(name);
        }
    }
    Ok(())
}

/// The partition keys in a relative path.
fn partition_keys(name: &str) -> Vec<(String, Option<String>)> {
    let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('='));
    pairs
        .map(|(key, value)| {
            (
                percent_decoded(key),
                (value != NULL).then(|| percent_decoded(value)),
            )
        })
        .collect()
}

/// Text with its `%41` escapes undone; what is no escape stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        // Spark and Hive escape what a file name can't have. What only looks like an escape stays as it is.
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex_digit(*high)
                .zip(hex_digit(*low))
                .map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn hex_digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_their_keys() {
        let pair = |key: &str, value: Option<&str>| (key.to_owned(), value.map(str::to_owned));
        assert_eq!(partition_keys("part-0.parquet"), []);
        assert_eq!(
            partition_keys("state=TX/county name=San%20Saba%2C/x/a=b.parquet"),
            [pair("state", Some("TX")), pair("county name", Some("San Saba,"))]
        );
        assert_eq!(
            partition_keys("state=__HIVE_DEFAULT_PARTITION__/a.parquet"),
            [pair("state", None)]
        );
        assert_eq!(
            percent_decoded("100%/%zz/%C3%B1/%ff"),
            "100%/%zz/%C3%B1/%ff",
            "not UTF-8: left as it is"
        );
        assert_eq!(percent_decoded("100%/%zz/%C3%B1"), "100%/%zz/ñ");
    }

    #[test]
    fn files_come_in_the_order_of_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "s=b/1.parquet",
            "s=a/2.PARQUET",
            "s=a/1.geoparquet",
            "_SUCCESS",
            ".crc/x",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let names = |shown: &str| {
            let files = list_files(folder.path(), &shown.into()).map_err(|error| error.to_string());
            files.map(|files| {
                files
                    .into_iter()
                    .map(|file| file.shown.to_string())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            names("in/d").unwrap(),
            [
                "in/d/s=a/1.geoparquet",
                "in/d/s=a/2.PARQUET",
                "in/d/s=b/1.parquet"
            ]
        );
        fs::write(folder.path().join("s=a/notes.csv"), "").unwrap();
        assert!(names("in/d").unwrap_err().contains("s=a/notes.csv"));
    }
}
