//! Which polygon of a set holds a point: asked in memory, or, of a set that is larger, a partition at a time.

use crate::feature::ScratchSpace;
use crate::kernel::jurisdiction::{JurisdictionIndex, Match, PartitionedIndex};

/// Memory that a vertex takes while a partition is built, bytes; see [`PartitionedIndex::build`].
const VERTEX_BYTES: u64 = 300;
/// Memory that a point takes while partitions are asked for it, bytes: itself, twice as a question, and its answer.
const POINT_BYTES: u64 = 96;

/// Memory for a set's polygons, and where those beyond it wait.
#[derive(Debug, Clone, Copy)]
pub struct SetBound<'a> {
    /// Bytes.
    pub memory: u64,
    /// Where files without a name are made.
    pub space: &'a dyn ScratchSpace,
}

impl SetBound<'_> {
    /// Vertices that are indexed at a time.
    pub(super) fn vertices_at_once(&self) -> usize {
        fitting(self.memory, VERTEX_BYTES)
    }

    /// Points that are asked for at a time, beside a partition in memory.
    pub(super) fn points_at_once(&self) -> usize {
        fitting(self.memory / 2, POINT_BYTES)
    }
}

fn fitting(memory: u64, bytes: u64) -> usize {
    usize::try_from(memory / bytes).unwrap_or(usize::MAX).max(1)
}

/// A set's index.
#[derive(Debug)]
pub enum SetIndex {
    /// In memory as a whole.
    Whole(Box<JurisdictionIndex>),
    /// In a scratch file.
    Partitioned {
        /// The partitions.
        index: PartitionedIndex,
        /// Points that may be asked for at a time.
        points_at_once: usize,
    },
}

impl SetIndex {
    /// Codes and names in the order of the codes: a rank is a place in this list.
    pub fn names(&self) -> Box<dyn ExactSizeIterator<Item = Match<'_>> + '_> {
        match self {
            Self::Whole(index) => Box::new(index.names()),
            Self::Partitioned { index, .. } => Box::new(index.names()),
        }
    }

    /// Number of polygons indexed, several of one code each for itself.
    pub fn polygon_count(&self) -> usize {
        match self {
            Self::Whole(index) => index.len(),
            Self::Partitioned { index, .. } => index.len(),
        }
    }
}
