//! Ways to damage a file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Harm {
    Flip,
    /// As `Flip`, with the times of before.
    Rot,
    Half,
    Empty,
    Zeros,
    NotJson,
    WrongVersion,
    Deleted,
    Folder,
    Unreadable,
    Rights,
    /// Another file of the same kind in its place.
    Swapped,
}

impl Harm {
    pub(super) const ALL: [Self; 12] = [
        Self::Flip,
        Self::Rot,
        Self::Half,
        Self::Empty,
        Self::Zeros,
        Self::NotJson,
        Self::WrongVersion,
        Self::Deleted,
        Self::Folder,
        Self::Unreadable,
        Self::Rights,
        Self::Swapped,
    ];

    /// Does it; `chance` says where.
    pub(super) fn to(self, path: &Path, other: &Path, chance: u64) {
        let bytes = fs::read(path).unwrap();
        let put = |bytes: &[u8]| fs::write(path, bytes).unwrap();
        match self {
            Self::Flip => put(&flipped(&bytes, chance)),
            Self::Rot => {
                let modified = fs::metadata(path).unwrap().modified().unwrap();
                put(&flipped(&bytes, chance));
                fs::File::options()
                    .append(true)
                    .open(path)
                    .unwrap()
                    .set_modified(modified)
                    .unwrap();
            }
            Self::Half => put(&bytes[..bytes.len() / 2]),
            Self::Empty => put(b""),
            Self::Zeros => put(&vec![0; bytes.len()]),
            Self::NotJson => put(b"<html><body>502 Bad Gateway</body></html>\n"),
            Self::WrongVersion => {
                let text = String::from_utf8_lossy(&bytes).replacen("\"version\": 1", "\"version\": 7", 1);
                put(if text.as_bytes() == bytes {
                    b"{\"version\": 7}"
                } else {
                    text.as_bytes()
                });
            }
            Self::Deleted => fs::remove_file(path).unwrap(),
            Self::Folder => {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
                fs::write(path.join("stray"), "x").unwrap();
            }
            // Root reads whatever the rights say, and a link that leads to itself not.
            Self::Unreadable => {
                fs::remove_file(path).unwrap();
                symlink(path, path).unwrap();
            }
            Self::Rights => fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap(),
            Self::Swapped => put(&fs::read(other).unwrap()),
        }
    }
}

fn flipped(bytes: &[u8], chance: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if !bytes.is_empty() {
        let bit = chance as usize % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    bytes
}
