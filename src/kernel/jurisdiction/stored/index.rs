//! The lists of an index: its codes and names, then those of its parts.

use std::io::{self, Read, Write};

use super::super::grid::Grid;
use super::super::index::JurisdictionIndex;
use super::super::outlines::{Outlines, index_u32};
use super::super::tree::Tree;
use super::{ListReader, ListWriter, Signature, StoredIndexError};

const SIGNATURE: Signature = Signature {
    magic: *b"cikr-jix",
    version: 1,
};

/// The length of a name that there isn't.
pub(super) const NO_NAME: u32 = u32::MAX;

/// Where the bytes of codes and names aren't any.
pub(super) const NO_TEXT: StoredIndexError = StoredIndexError::Damaged {
    what: "codes and names are no text",
};

type Names = Vec<(String, Option<String>)>;

impl JurisdictionIndex {
    /// Writes the index, to be read back by [`Self::read_from`]: the same boundaries in the same order give the same
    /// bytes. A file needs no buffer, as lists are written whole.
    ///
    /// # Errors
    /// The writer's.
    ///
    /// ```
    /// # use cikr::kernel::jurisdiction::{Boundary, JurisdictionIndex};
    /// # use geo::{MultiPolygon, Point, Rect};
    /// let shape = MultiPolygon::new(vec![Rect::new((0.0, 0.0), (1.0, 1.0)).to_polygon()]);
    /// let index = JurisdictionIndex::build(vec![Boundary { code: "48001".to_owned(), name: None, shape }]);
    /// let mut bytes = Vec::new();
    /// index.write_to(&mut bytes)?;
    /// let again = JurisdictionIndex::read_from(&mut bytes.as_slice())?;
    /// assert_eq!(again.locate(Point::new(1.0, 0.5)), index.locate(Point::new(1.0, 0.5)));
    /// assert!(JurisdictionIndex::read_from(&mut &bytes[..99]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut lists = ListWriter::begin(out, &SIGNATURE)?;
        lists.put(&[self.len() as u64])?;
        write_names(self.all_names(), &mut lists)?;
        self.outlines().write_lists(&mut lists)?;
        self.grid().write_lists(&mut lists)?;
        self.tree().write_lists(&mut lists)?;
        lists.finish()
    }

    /// Reads an index that [`Self::write_to`] has written. What follows it stays unread.
    ///
    /// # Errors
    /// [`StoredIndexError`]: where bytes are missing or have changed, or were written by another version.
    pub fn read_from(input: &mut impl Read) -> Result<Self, StoredIndexError> {
        let mut lists = ListReader::begin(input, &SIGNATURE)?;
        let [boundaries] = lists.take_array::<u64, 1>()?;
        let boundaries = usize::try_from(boundaries).unwrap_or(usize::MAX);
        let names = read_names(&mut lists)?;
        let outlines = Outlines::read_lists(&mut lists, names.len())?;
        let grid = Grid::read_lists(&mut lists, names.len(), outlines.places.len())?;
        let tree = Tree::read_lists(&mut lists, &outlines)?;
        lists.finish()?;
        Ok(Self::assemble(boundaries, names, outlines, grid, tree))
    }
}

fn write_names(names: &Names, lists: &mut ListWriter<impl Write>) -> io::Result<()> {
    let mut texts = String::new();
    let mut lengths: Vec<[u32; 2]> = Vec::with_capacity(names.len());
    for (code, name) in names {
        texts.push_str(code);
        texts.push_str(name.as_deref().unwrap_or_default());
        let of_name = name.as_ref().map_or(NO_NAME, |name| index_u32(name.len()));
        lengths.push([index_u32(code.len()), of_name]);
    }
    lists.put(&lengths)?;
    lists.put(texts.as_bytes())
}

fn read_names(lists: &mut ListReader<impl Read>) -> Result<Names, StoredIndexError> {
    let lengths: Vec<[u32; 2]> = lists.take()?;
    let texts: Vec<u8> = lists.take()?;
    let mut rest = std::str::from_utf8(&texts).ok().ok_or(NO_TEXT)?;
    let mut names: Names = Vec::with_capacity(lengths.len());
    for [code, name] in lengths {
        let (code, behind) = rest.split_at_checked(code as usize).ok_or(NO_TEXT)?;
        let length = if name == NO_NAME { 0 } else { name as usize };
        let (own, behind) = behind.split_at_checked(length).ok_or(NO_TEXT)?;
        let is_in_order = names.last().is_none_or(|(before, _)| before.as_str() < code);
        StoredIndexError::unless(is_in_order, "codes are out of order")?;
        names.push((code.to_owned(), (name != NO_NAME).then(|| own.to_owned())));
        rest = behind;
    }
    StoredIndexError::unless(rest.is_empty(), "there are more names than codes")?;
    Ok(names)
}

impl Outlines {
    pub(in super::super) fn write_lists(&self, lists: &mut ListWriter<impl Write>) -> io::Result<()> {
        lists.put(&self.places)?;
        lists.put(&self.owners)?;
        lists.put(&self.bounds)?;
        lists.put(&self.firsts)
    }

    pub(in super::super) fn read_lists(
        lists: &mut ListReader<impl Read>,
        codes: usize,
    ) -> Result<Self, StoredIndexError> {
        let outlines = Self {
            places: lists.take()?,
            owners: lists.take()?,
            bounds: lists.take()?,
            firsts: lists.take()?,
        };
        let polygons = outlines.owners.len();
        let is_sound = outlines.bounds.len() == polygons
            && outlines.firsts.len() == polygons
            && outlines.owners.is_sorted()
            && outlines.owners.iter().all(|owner| (*owner as usize) < codes)
            && outlines
                .firsts
                .iter()
                .all(|first| (*first as usize) < outlines.places.len());
        StoredIndexError::unless(is_sound, "a polygon has no code or no place")?;
        let is_finite = outlines.places.iter().flatten().all(|number| number.is_finite());
        StoredIndexError::unless(
            is_finite && outlines.bounds.iter().all(is_box),
            "a place is no place",
        )?;
        Ok(outlines)
    }
}

impl Tree {
    pub(in super::super) fn write_lists(&self, lists: &mut ListWriter<impl Write>) -> io::Result<()> {
        lists.put(&self.leaves)?;
        lists.put(&self.boxes)?;
        lists.put(&self.levels)
    }

    pub(in super::super) fn read_lists(
        lists: &mut ListReader<impl Read>,
        outlines: &Outlines,
    ) -> Result<Self, StoredIndexError> {
        let tree = Self {
            leaves: lists.take()?,
            boxes: lists.take()?,
            levels: lists.take()?,
        };
        let places = outlines.places.len() as u64;
        let polygons = outlines.owners.len();
        let are_there = tree.leaves.iter().all(|[first, count, part]| {
            u64::from(*first) + u64::from(*count) < places && (*part as usize) < polygons
        });
        StoredIndexError::unless(are_there, "a run of edges isn't there")?;
        StoredIndexError::unless(
            tree.is_complete() && tree.boxes.iter().all(is_box),
            "boxes are missing",
        )?;
        Ok(tree)
    }
}

/// Whether these are west, south, east and north of something.
fn is_box([west, south, east, north]: &[f64; 4]) -> bool {
    west.is_finite()
        && south.is_finite()
        && west <= east
        && south <= north
        && east.is_finite()
        && north.is_finite()
}
