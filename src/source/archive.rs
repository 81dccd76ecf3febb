//! Finds datasets in archives and folders before GDAL sees them.
//!
//! GDAL opens by name, so the names are ours: an archive is listed, checked and read through once
//! (sizes and checksums), and only then is one of its datasets opened.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use zip::{CompressionMethod, ZipArchive};

use super::error::SourceError;
use super::sniff;
use crate::feature::extensions::{SQLITE_CHANGES, dataset_extension};

/// Files an archive may hold; a file geodatabase has some hundreds.
const MAX_ENTRIES: usize = 100_000;

/// A dataset to open, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundDataset {
    /// Name for GDAL: a path, or `/vsizip/{archive}/inner`.
    pub(super) name: PathBuf,
    /// The name to show: that of the source, with the inner name where there is one.
    pub(super) shown: String,
    /// Where it is packed, if it is.
    pub(super) packed: Option<ArchiveEntry>,
}

impl FoundDataset {
    /// Whether its name ends so, in any case.
    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.name
            .extension()
            .is_some_and(|own| own.eq_ignore_ascii_case(extension))
    }
}

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArchiveEntry {
    /// The archive.
    pub(super) archive: PathBuf,
    /// The entry's name.
    pub(super) entry: String,
}

/// The datasets of the landed file or folder at `path`.
pub(super) fn find_datasets(path: &Path, shown: &str, limit: u64) -> Result<Vec<FoundDataset>, SourceError> {
    let metadata = fs::metadata(path).map_err(|source| open_error(shown, source))?;
    if metadata.is_dir() {
        return if dataset_extension(path).is_some() {
            Ok(vec![plain_dataset(path, shown)])
        } else {
            in_folder(path, shown)
        };
    }
    // Hosts answer with pages of HTML or XML under the name of an archive. GDAL would say of these that it doesn't
    // recognise them, which tells nobody to fetch again.
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(512).read_to_end(&mut head))
        .map_err(|source| open_error(shown, source))?;
    let zipped = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    match (head.as_slice(), sniff::recognise_kind(&head)) {
        ([], _) => Err(SourceError::Empty {
            shown: shown.to_owned(),
        }),
        (_, Some("a zip archive")) => in_archive(path, shown, limit),
        (_, Some(found @ ("an HTML page" | "an XML document" | "a gzip file"))) => {
            let expected = if zipped {
                "a zip archive"
            } else {
                "a shapefile, file geodatabase, GeoPackage or FlatGeobuf"
            };
            Err(SourceError::Unexpected {
                shown: shown.to_owned(),
                expected,
                found,
            })
        }
        _ if zipped => Err(SourceError::Archive {
            shown: shown.to_owned(),
            reason: "it doesn't begin like a zip archive".into(),
        }),
        _ => Ok(vec![plain_dataset(path, shown)]),
    }
}

fn open_error(shown: &str, source: io::Error) -> SourceError {
    SourceError::Open {
        shown: shown.to_owned(),
        source,
    }
}

fn plain_dataset(path: &Path, shown: &str) -> FoundDataset {
    FoundDataset {
        name: path.to_owned(),
        shown: shown.to_owned(),
        packed: None,
    }
}

/// The datasets of a folder that is none itself.
fn in_folder(path: &Path, shown: &str) -> Result<Vec<FoundDataset>, SourceError> {
    let entries = fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|source| open_error(shown, source))?;
    let mut names: Vec<String> = entries
        .iter()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    // In an order that doesn't depend on the file system, as layers of one name are told apart by their place in it.
    names.sort();
    let found = names
        .iter()
        .filter(|name| dataset_extension(Path::new(name)).is_some())
        .map(|name| FoundDataset {
            name: path.join(name),
            shown: format!("{}/{name}", shown.trim_end_matches('/')),
            packed: None,
        });
    require_any(found.collect(), shown, &names)
}

/// The datasets of a zip archive, once all of it has been found sound.
fn in_archive(path: &Path, shown: &str, limit: u64) -> Result<Vec<FoundDataset>, SourceError> {
    let contents = verify_entries(path, shown, limit, &mut |_, _| Ok(()))?;
    if let Some((changes, database)) = contents.iter().find_map(unclosed_geopackage) {
        let reason = format!(
            "`{database}` was packed while it was open: its last changes are in `{changes}`; \
             pack it again once it is closed"
        );
        return Err(SourceError::Dataset {
            shown: shown.to_owned(),
            reason,
        });
    }
    // A geodatabase has an entry for each of its files, all of which are one dataset.
    let names: BTreeSet<String> = contents.into_iter().map(|(name, _)| name).collect();
    let found: BTreeSet<String> = names.iter().filter_map(|name| dataset_of(name)).collect();
    let found = found.into_iter().map(|inner| FoundDataset {
        // Braces tell GDAL where the archive's own name ends, whatever extension a landed file has.
        name: PathBuf::from(format!("/vsizip/{{{}}}/{inner}", path.display())),
        shown: format!("{shown}/{inner}"),
        packed: Some(ArchiveEntry {
            archive: path.to_owned(),
            entry: inner,
        }),
    });
    require_any(found.collect(), shown, &names.into_iter().collect::<Vec<_>>())
}

/// Names and unpacked sizes of a zip archive's entries, once all of it has been found sound and to
/// unpack to no more than `limit` bytes; nothing is kept of what is unpacked.
///
/// `watch` sees every entry's bytes, piece by piece, and may say why the archive can't be taken.
pub(super) fn verify_entries(
    path: &Path,
    shown: &str,
    limit: u64,
    watch: &mut Watch<'_>,
) -> Result<Vec<(String, u64)>, SourceError> {
    let file = File::open(path).map_err(|source| open_error(shown, source))?;
    let packed = file.metadata().map_err(|source| open_error(shown, source))?.len();
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken_archive(shown, &error))?;
    if archive.len() > MAX_ENTRIES {
        return Err(SourceError::TooManyEntries {
            shown: shown.to_owned(),
            entries: archive.len(),
            limit: MAX_ENTRIES,
        });
    }
    let mut found = Vec::new();
    let mut left = limit;
    for position in 0..archive.len() {
        let CheckedEntry { name, is_readable } = check_entry(&mut archive, position, shown)?;
        // What an entry says of its size is a claim, so it is unpacked, and by no more than is left of the limit.
        let bytes = if is_readable {
            unpack_entry(&mut archive, position, &name, left, shown, watch)?
        } else {
            0
        };
        left = left
            .checked_sub(bytes)
            .ok_or_else(|| SourceError::ArchiveTooLarge {
                shown: shown.to_owned(),
                packed,
                limit,
            })?;
        found.push((name, bytes));
    }
    Ok(found)
}

type Archive = ZipArchive<BufReader<File>>;

fn broken_archive(shown: &str, reason: &dyn Display) -> SourceError {
    SourceError::Archive {
        shown: shown.to_owned(),
        reason: reason.to_string(),
    }
}

/// An entry whose name doesn't lead elsewhere.
struct CheckedEntry {
    name: String,
    /// Not of a folder, or of a method that can't be unpacked here: no dataset is read from such an entry.
    is_readable: bool,
}

fn check_entry(archive: &mut Archive, position: usize, shown: &str) -> Result<CheckedEntry, SourceError> {
    let entry = archive
        .by_index_raw(position)
        .map_err(|error| broken_archive(shown, &error))?;
    let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
    if let Some(reason) = unsafe_name(&name).or(entry.is_symlink().then_some("is a symbolic link")) {
        return Err(SourceError::UnsafeEntry {
            shown: shown.to_owned(),
            entry: name,
            reason,
        });
    }
    let is_known = matches!(
        entry.compression(),
        CompressionMethod::Stored | CompressionMethod::Deflated
    );
    Ok(CheckedEntry {
        is_readable: is_known && !entry.is_dir(),
        name,
    })
}

/// Shows `watch` an entry's bytes, one more than `left` at most, and gives their number; its checksum is verified at
/// its end.
fn unpack_entry(
    archive: &mut Archive,
    position: usize,
    name: &str,
    left: u64,
    shown: &str,
    watch: &mut Watch<'_>,
) -> Result<u64, SourceError> {
    let entry = archive
        .by_index(position)
        .map_err(|error| broken_archive(shown, &format!("`{name}`: {error}")))?;
    let mut unpacked = entry.take(left.saturating_add(1));
    let mut watched = Watched {
        name,
        watch,
        refused: None,
    };
    io::copy(&mut unpacked, &mut watched).map_err(|error| match watched.refused {
        Some(reason) => SourceError::Dataset {
            shown: shown.to_owned(),
            reason: format!("`{name}` {reason}"),
        },
        None => broken_archive(shown, &format!("`{name}` is damaged: {error}")),
    })
}

/// Sees a piece of the entry of a name; the error says what is wrong with the entry.
pub(super) type Watch<'a> = dyn FnMut(&str, &[u8]) -> Result<(), String> + 'a;

/// Shows what is written to it, and keeps nothing.
struct Watched<'a, 'b> {
    name: &'a str,
    watch: &'a mut Watch<'b>,
    refused: Option<String>,
}

impl Write for Watched<'_, '_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        (self.watch)(self.name, piece).map_err(|reason| {
            self.refused = Some(reason);
            io::Error::other("refused")
        })?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn require_any(
    found: Vec<FoundDataset>,
    shown: &str,
    names: &[String],
) -> Result<Vec<FoundDataset>, SourceError> {
    if found.is_empty() {
        return Err(SourceError::NoDataset {
            shown: shown.to_owned(),
            found: names.to_vec(),
        });
    }
    Ok(found)
}

/// Why an entry's name can't be trusted, if so.
fn unsafe_name(name: &str) -> Option<&'static str> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    // Names that are harmless to one program lead elsewhere in another: GDAL and SQLite take them apart by rules of
    // their own. Braces are how GDAL is told where the archive's name ends.
    match name {
        _ if name.contains('\\') => Some("has a backslash in its name"),
        _ if name.starts_with('/') || drive => Some("has an absolute name"),
        _ if name.split('/').any(|part| part == "..") => Some("leads out of the archive"),
        _ if name.contains(['\0', '\n', '\r', '{', '}']) => {
            Some("has a control character or brace in its name")
        }
        _ => None,
    }
}

/// What `SQLite` has beside a GeoPackage that isn't closed, and the GeoPackage.
fn unclosed_geopackage((name, bytes): &(String, u64)) -> Option<(&str, &str)> {
    // QGIS and others leave the last changes in these files while they have a GeoPackage open. Without them it opens,
    // and lacks rows; empty they are only left over.
    let database = SQLITE_CHANGES
        .iter()
        .find_map(|ending| name.strip_suffix(ending))?;
    (*bytes > 0 && dataset_extension(Path::new(database)) == Some("gpkg")).then_some((name, database))
}

/// The dataset an archive's entry belongs to: itself, or the `.gdb` folder it lies in.
fn dataset_of(name: &str) -> Option<String> {
    // macOS packs the attributes of every file beside it, under the file's own extension.
    let parts: Vec<&str> = name.split('/').collect();
    if parts
        .iter()
        .any(|part| part.starts_with("__MACOSX") || part.starts_with("._"))
    {
        return None;
    }
    let folders = &parts[..parts.len() - 1];
    if let Some(folder) = folders
        .iter()
        .position(|part| dataset_extension(Path::new(part)) == Some("gdb"))
    {
        return Some(parts[..=folder].join("/"));
    }
    matches!(dataset_extension(Path::new(name)), Some("shp" | "gpkg" | "fgb")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_are_found_by_name() {
        for (name, dataset) in [
            ("a/b.shp", Some("a/b.shp")),
            ("a/b.SHP", Some("a/b.SHP")),
            ("a/b.dbf", None),
            ("x/y.gdb/a00000001.gdbtable", Some("x/y.gdb")),
            ("__MACOSX/._b.shp", None),
            ("z.gpkg", Some("z.gpkg")),
        ] {
            assert_eq!(dataset_of(name).as_deref(), dataset, "{name}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "../a.shp",
            "a/../../b.shp",
            "/etc/a.shp",
            "C:/a.shp",
            "a\\b.shp",
            "a\0.shp",
        ] {
            assert!(unsafe_name(name).is_some(), "{name}");
        }
        assert!(unsafe_name("a/b..c/d.shp").is_none());
    }
}
