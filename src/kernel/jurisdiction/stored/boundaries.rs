//! The boundaries of a set, and what whoever keeps them wants to know of them, as bytes.
//!
//! As lists of coordinates and not as WKB: whoever reads WKB of anybody leaves out degenerate parts and closes rings, and what
//! is read back must be what was written, bit for bit.

use std::io::{self, Read, Write};

use geo::{Coord, LineString, MultiPolygon, Polygon};

use super::super::boundary::Boundary;
use super::super::outlines::index_u32;
use super::index::{NO_NAME, NO_TEXT};
use super::{ListReader, ListWriter, Signature, StoredIndexError};

const SIGNATURE: Signature = Signature {
    magic: *b"cikr-set",
    version: 1,
};

/// Vertices that are written together, so that neither side holds all of a set twice: 16 MiB.
const GROUP_VERTICES: usize = 1 << 20;

/// Where the lengths of lists don't fit each other.
const TORN: StoredIndexError = StoredIndexError::Damaged {
    what: "a polygon has other rings than are there",
};

/// Boundaries read back.
#[derive(Debug, Clone)]
pub struct StoredBoundaries {
    /// What whoever wrote them has noted of them.
    pub note: Vec<u8>,
    /// The boundaries, in the order in which they were written.
    pub boundaries: Vec<Boundary>,
}

/// Writes boundaries, to be read back by [`read_boundaries`] bit for bit; `key` tells what they were made of, and `note` is
/// handed back as it is. What follows in the file, such as an index of the same boundaries, is the caller's.
///
/// ```
/// use cikr::kernel::jurisdiction::{Boundary, read_boundaries, write_boundaries};
/// use geo::{MultiPolygon, Rect};
///
/// let shape = MultiPolygon::new(vec![Rect::new((0.0, 0.0), (1.0, 1.0)).to_polygon()]);
/// let county = Boundary { code: "48001".to_owned(), name: None, shape };
/// let mut bytes = Vec::new();
/// write_boundaries(&mut bytes, "digest of a file", b"no row was unusable", &[county])?;
/// let again = read_boundaries(&mut bytes.as_slice(), "digest of a file")?;
/// assert_eq!((again.boundaries[0].code.as_str(), again.note.len()), ("48001", 19));
/// assert!(read_boundaries(&mut bytes.as_slice(), "digest of another").unwrap_err().is_outdated());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The writer's.
pub fn write_boundaries(
    out: &mut impl Write,
    key: &str,
    note: &[u8],
    boundaries: &[Boundary],
) -> io::Result<()> {
    let mut lists = ListWriter::begin(out, &SIGNATURE)?;
    lists.put(key.as_bytes())?;
    lists.put(note)?;
    let mut group = Group::default();
    for boundary in boundaries {
        group.add(boundary);
        if group.vertices.len() >= GROUP_VERTICES {
            group.write(&mut lists)?;
            group = Group::default();
        }
    }
    // A group without codes ends them: none of the others is empty.
    if !group.lengths.is_empty() {
        group.write(&mut lists)?;
    }
    lists.put::<[u32; 3]>(&[])?;
    lists.finish()
}

/// Reads boundaries that [`write_boundaries`] has written under the same key; what follows them stays unread.
///
/// # Errors
/// [`StoredIndexError`]: where they have another key, bytes are missing or have changed, or were written by another version.
pub fn read_boundaries(input: &mut impl Read, key: &str) -> Result<StoredBoundaries, StoredIndexError> {
    let mut lists = ListReader::begin(input, &SIGNATURE)?;
    let found: Vec<u8> = lists.take()?;
    // Its checksum is looked at before the note is: a damaged key is damage, and not another key.
    let note = lists.take()?;
    if found != key.as_bytes() {
        return Err(StoredIndexError::OtherKey);
    }
    let mut boundaries = Vec::new();
    while let Some(group) = Group::read(&mut lists)? {
        group.append_to(&mut boundaries)?;
    }
    lists.finish()?;
    Ok(StoredBoundaries { note, boundaries })
}

/// Some of the boundaries.
#[derive(Default)]
struct Group {
    /// Of each boundary: bytes of its code, bytes of its name, polygons.
    lengths: Vec<[u32; 3]>,
    texts: Vec<u8>,
    /// Of each polygon: its rings, the outer one first.
    rings: Vec<u32>,
    /// Of each ring: its vertices.
    ring_vertices: Vec<u32>,
    vertices: Vec<[f64; 2]>,
}

impl Group {
    fn add(&mut self, boundary: &Boundary) {
        let name = boundary.name.as_deref();
        self.texts.extend(boundary.code.as_bytes());
        self.texts.extend(name.unwrap_or_default().as_bytes());
        self.lengths.push([
            index_u32(boundary.code.len()),
            name.map_or(NO_NAME, |name| index_u32(name.len())),
            index_u32(boundary.shape.0.len()),
        ]);
        for polygon in &boundary.shape {
            self.rings.push(index_u32(polygon.interiors().len() + 1));
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                self.ring_vertices.push(index_u32(ring.0.len()));
                self.vertices
                    .extend(ring.0.iter().map(|place| [place.x, place.y]));
            }
        }
    }

    fn write(&self, lists: &mut ListWriter<impl Write>) -> io::Result<()> {
        lists.put(&self.lengths)?;
        lists.put(&self.texts)?;
        lists.put(&self.rings)?;
        lists.put(&self.ring_vertices)?;
        lists.put(&self.vertices)
    }

    /// None where there are no more.
    fn read(lists: &mut ListReader<impl Read>) -> Result<Option<Self>, StoredIndexError> {
        let lengths: Vec<[u32; 3]> = lists.take()?;
        if lengths.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            lengths,
            texts: lists.take()?,
            rings: lists.take()?,
            ring_vertices: lists.take()?,
            vertices: lists.take()?,
        }))
    }

    fn append_to(&self, boundaries: &mut Vec<Boundary>) -> Result<(), StoredIndexError> {
        let mut texts = std::str::from_utf8(&self.texts).ok().ok_or(NO_TEXT)?;
        let mut rest = Rest {
            rings: &self.rings,
            ring_vertices: &self.ring_vertices,
            vertices: &self.vertices,
        };
        for [code, name, polygons] in &self.lengths {
            let code = take_text(&mut texts, *code)?.to_owned();
            let name = match *name {
                NO_NAME => None,
                length => Some(take_text(&mut texts, length)?.to_owned()),
            };
            let polygons = take_first(&mut rest.rings, *polygons)?;
            let shape: Vec<Polygon<f64>> = polygons
                .iter()
                .map(|rings| rest.take_polygon(*rings))
                .collect::<Result<_, _>>()?;
            boundaries.push(Boundary {
                code,
                name,
                shape: MultiPolygon::new(shape),
            });
        }
        let is_used_up = texts.is_empty()
            && rest.rings.is_empty()
            && rest.ring_vertices.is_empty()
            && rest.vertices.is_empty();
        if is_used_up { Ok(()) } else { Err(TORN) }
    }
}

/// What of a group belongs to the boundaries that are still to come.
struct Rest<'a> {
    rings: &'a [u32],
    ring_vertices: &'a [u32],
    vertices: &'a [[f64; 2]],
}

impl Rest<'_> {
    fn take_polygon(&mut self, rings: u32) -> Result<Polygon<f64>, StoredIndexError> {
        let lengths = take_first(&mut self.ring_vertices, rings)?;
        let (outer, holes) = lengths.split_first().ok_or(TORN)?;
        let outer = self.take_ring(*outer)?;
        let holes: Vec<LineString<f64>> = holes
            .iter()
            .map(|hole| self.take_ring(*hole))
            .collect::<Result<_, _>>()?;
        Ok(Polygon::new(outer, holes))
    }

    fn take_ring(&mut self, vertices: u32) -> Result<LineString<f64>, StoredIndexError> {
        let ring = take_first(&mut self.vertices, vertices)?;
        Ok(ring.iter().map(|[x, y]| Coord { x: *x, y: *y }).collect())
    }
}

/// The first so many, which are no longer in the list.
fn take_first<'a, T>(list: &mut &'a [T], count: u32) -> Result<&'a [T], StoredIndexError> {
    list.split_off(..count as usize).ok_or(TORN)
}

/// The text's first so many bytes, which are no longer in it.
fn take_text<'a>(texts: &mut &'a str, bytes: u32) -> Result<&'a str, StoredIndexError> {
    let (first, behind) = texts.split_at_checked(bytes as usize).ok_or(NO_TEXT)?;
    *texts = behind;
    Ok(first)
}
