//! What a source consists of: one file, a Shapefile's files, a FileGDB's folder, or a folder of Parquet files.
//!
//! Looks at the source and hashes it; writes nothing. Knows names, not formats.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::digest::digest_source;
use super::error::IoResultExt;
use super::landing_error::LandingError;
use crate::feature::digest::sha256_hex;
use crate::feature::extensions::{SQLITE_CHANGES, is_parquet};

/// What a Shapefile's reader needs beside the `.shp`; spatial indexes and editors' files it does without.
const SHAPEFILE_PARTS: [&str; 7] = ["shp", "shx", "dbf", "prj", "cpg", "cst", "qpj"];

/// Endings that say how a file is packed, so that the one before them says what it is (`.gdb.zip`).
const PACKINGS: [&str; 6] = ["zip", "gz", "zst", "bz2", "7z", "tar"];

/// How many files a folder of Parquet files may hold, and how deep.
const MOST_FILES: usize = 100_000;
const DEEPEST: usize = 16;

const LONGEST_EXTENSION: usize = 12;

/// A source, hashed.
pub(super) struct Parcel {
    kind: Kind,
    /// Sorted by name.
    pub(super) parts: Vec<Part>,
    /// Digest of the file, or of the list of names and digests.
    pub(super) sha256: String,
}

/// One file of a source.
pub(super) struct Part {
    /// Empty for a lone file, the extension for a Shapefile, the path below the folder otherwise.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

enum Kind {
    /// With its extensions, such as `.gdb.zip`; empty if it has none.
    File(String),
    Shapefile,
    FileGdb,
    ParquetFolder,
}

impl Parcel {
    /// Finds the files of a source and hashes them.
    pub(super) fn open(source: &Path) -> Result<Self, LandingError> {
        let (kind, mut files) = find_files(source)?;
        // A folder is listed in no order, and the digest of a set is one of its parts in order.
        files.sort();
        let mut parts = Vec::new();
        for (name, path) in files {
            let (sha256, bytes) = digest_source(&path)?;
            parts.push(Part {
                name,
                path,
                bytes,
                sha256,
            });
        }
        let sha256 = match (&kind, parts.as_slice()) {
            (Kind::File(_), [part]) => part.sha256.clone(),
            _ => digest_of_set(&parts),
        };
        Ok(Self { kind, parts, sha256 })
    }

    /// Name under which the source is opened once landed.
    pub(super) fn landed_name(&self) -> String {
        match &self.kind {
            Kind::File(extension) => format!("{}{extension}", self.sha256),
            Kind::Shapefile => format!("{}.shp", self.sha256),
            Kind::FileGdb => format!("{}.gdb", self.sha256),
            Kind::ParquetFolder => format!("{}.parquet", self.sha256),
        }
    }

    /// Where one of its files lands, relative to the layer's folder.
    pub(super) fn landed_path(&self, part: &Part) -> PathBuf {
        match &self.kind {
            Kind::File(_) => PathBuf::from(self.landed_name()),
            Kind::Shapefile => PathBuf::from(format!("{}.{}", self.sha256, part.name)),
            Kind::FileGdb | Kind::ParquetFolder => PathBuf::from(self.landed_name()).join(&part.name),
        }
    }

    /// Whether it lands as a folder.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::FileGdb | Kind::ParquetFolder)
    }

    /// The folders its files lie in, relative to the layer's, the outermost first.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let root = PathBuf::from(self.landed_name());
        let mut folders = BTreeSet::from([root.clone()]);
        if self.is_folder() {
            for part in &self.parts {
                let place = self.landed_path(part);
                let above = place.ancestors().skip(1);
                folders.extend(
                    above
                        .filter(|folder| folder.starts_with(&root))
                        .map(Path::to_owned),
                );
            }
        }
        folders
    }

    /// Size of all its files.
    pub(super) fn total_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

/// Kind of a source, and the (name, path) of its files.
fn find_files(source: &Path) -> Result<(Kind, Vec<(String, PathBuf)>), LandingError> {
    let metadata = fs::metadata(source).map_err(|error| match error.kind() {
        ErrorKind::NotFound => LandingError::Missing {
            path: source.to_owned(),
        },
        _ => LandingError::Unreadable {
            path: source.to_owned(),
            source: error,
        },
    })?;
    let extension = extension_of(source);
    if metadata.is_dir() && extension == "gdb" {
        Ok((Kind::FileGdb, filegdb_files(source)?))
    } else if metadata.is_dir() {
        Ok((Kind::ParquetFolder, parquet_files(source)?))
    } else if metadata.is_file() && extension == "shp" {
        Ok((Kind::Shapefile, shapefile_files(source)?))
    } else if metadata.is_file() {
        refuse_open_database(source)?;
        Ok((
            Kind::File(extensions_to_keep(source)),
            vec![(String::new(), source.to_owned())],
        ))
    } else {
        Err(LandingError::UnsupportedKind {
            path: source.to_owned(),
        })
    }
}

/// Refuses a database of which a part is in another file.
fn refuse_open_database(source: &Path) -> Result<(), LandingError> {
    for ending in SQLITE_CHANGES {
        let mut beside = source.as_os_str().to_owned();
        beside.push(ending);
        if fs::metadata(&beside).is_ok_and(|changes| changes.len() > 0) {
            return Err(LandingError::Unclosed {
                path: source.to_owned(),
                beside: beside.into(),
            });
        }
    }
    Ok(())
}

/// Files of the same stem beside a `.shp`, extensions in any case.
fn shapefile_files(source: &Path) -> Result<Vec<(String, PathBuf)>, LandingError> {
    let folder = match source.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // Names of parts are compared without case, since `Roads.DBF` may stand beside `Roads.shp`. So there may be two of
    // a part, and no rule tells which one is meant.
    let mut files = vec![("shp".to_owned(), source.to_owned())];
    for entry in list_entries(folder)? {
        let path = entry.path();
        let extension = extension_of(&path);
        let is_part = SHAPEFILE_PARTS.contains(&extension.as_str()) && extension != "shp";
        if !is_part || path.file_stem() != source.file_stem() {
            continue;
        }
        if files.iter().any(|(known, _)| *known == extension) {
            return Err(LandingError::DuplicatePart {
                path: source.to_owned(),
                extension,
            });
        }
        if !fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            return Err(LandingError::UnsupportedKind { path });
        }
        files.push((extension, path));
    }
    Ok(files)
}

/// Files of a FileGDB, which is flat; other programs' `.lock` files are not part of it.
fn filegdb_files(source: &Path) -> Result<Vec<(String, PathBuf)>, LandingError> {
    let mut files = Vec::new();
    for entry in list_entries(source)? {
        let path = entry.path();
        // Links are not followed here, as they are for the source itself: one that lies in a folder could lead to any
        // file of this machine.
        let is_file = entry.file_type().while_reading_source(&path)?.is_file();
        match entry.file_name().to_str() {
            Some(_) if extension_of(&path) == "lock" => {}
            Some(name) if is_file => files.push((name.to_owned(), path)),
            _ => return Err(LandingError::NotARegularFile { path }),
        }
    }
    Ok(files)
}

/// Files of a folder of Parquet files, at any depth. Names that begin with `_` or `.` are other programs'
/// notes; any other file could hold rows, so it is not passed over.
fn parquet_files(source: &Path) -> Result<Vec<(String, PathBuf)>, LandingError> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), source.to_owned(), 0)];
    while let Some((prefix, folder, depth)) = folders.pop() {
        for entry in list_entries(&folder)? {
            let path = entry.path();
            let kind = entry.file_type().while_reading_source(&path)?;
            let name = entry.file_name().to_str().map(|name| format!("{prefix}{name}"));
            match name {
                Some(_) if entry.file_name().as_encoded_bytes().starts_with(b"_") => {}
                Some(_) if entry.file_name().as_encoded_bytes().starts_with(b".") => {}
                Some(name) if kind.is_dir() && depth < DEEPEST => folders.push((name + "/", path, depth + 1)),
                Some(name) if kind.is_file() && files.len() < MOST_FILES => files.push((name, path)),
                _ => return Err(LandingError::NotARegularFile { path }),
            }
        }
    }
    if !files.iter().any(|(_, path)| is_parquet(path)) {
        return Err(LandingError::UnsupportedKind {
            path: source.to_owned(),
        });
    }
    files.sort();
    match files.iter().find(|(_, path)| !is_parquet(path)) {
        Some((_, stray)) => Err(LandingError::StrayFile { path: stray.clone() }),
        None => Ok(files),
    }
}

fn list_entries(folder: &Path) -> Result<Vec<DirEntry>, LandingError> {
    fs::read_dir(folder)
        .and_then(Iterator::collect)
        .while_reading_source(folder)
}

fn digest_of_set(parts: &[Part]) -> String {
    let mut lines = String::new();
    for part in parts {
        writeln!(lines, "{}\t{}", part.name, part.sha256).expect("writing to a string cannot fail");
    }
    sha256_hex(lines)
}

/// What a reader goes by: the last extension, and the one before it where the last says how it is packed.
fn extensions_to_keep(source: &Path) -> String {
    let last = extension_of(source);
    if last.is_empty() {
        return last;
    }
    let inner = match source.file_stem() {
        Some(stem) if PACKINGS.contains(&last.as_str()) => extension_of(Path::new(stem)),
        _ => String::new(),
    };
    if inner.is_empty() {
        format!(".{last}")
    } else {
        format!(".{inner}.{last}")
    }
}

/// Lower case; empty where there is none that could be one.
fn extension_of(path: &Path) -> String {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    // The extension becomes part of a landed file's name, whatever the source's name holds.
    let plain = extension.len() <= LONGEST_EXTENSION && extension.chars().all(|c| c.is_ascii_alphanumeric());
    if plain {
        extension.to_ascii_lowercase()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_what_a_reader_goes_by() {
        for (name, expected) in [
            ("dams.csv", ".csv"),
            ("Dams.GeoJSON", ".geojson"),
            ("schools.gdb.zip", ".gdb.zip"),
            ("roads.SHP.ZIP", ".shp.zip"),
            ("v1.2 final.zip", ".zip"),
            ("2024.01.csv", ".csv"),
            ("README", ""),
            ("odd.a b", ""),
        ] {
            assert_eq!(extensions_to_keep(Path::new(name)), expected, "{name}");
        }
    }
}
