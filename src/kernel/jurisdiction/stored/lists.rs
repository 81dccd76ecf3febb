//! Lists of numbers to bytes and back, under a running checksum.

use std::hash::Hasher;
use std::io::{Read, Write};

use bytemuck::Pod;
use twox_hash::XxHash3_64;

use super::StoredIndexError;

/// What lists belong to: the first bytes of them.
pub(in super::super) struct Signature {
    /// What they begin with.
    pub(in super::super) magic: [u8; 8],
    /// Of the lists and what is in them; rises with every change of either.
    pub(in super::super) version: u64,
}

/// Bytes that memory is taken for at first.
const STEP: usize = 1 << 24;

// Lists are written as they lie in memory.
const _: () = assert!(cfg!(target_endian = "little"), "stored indexes are little-endian");

/// Writes lists.
pub(in super::super) struct ListWriter<W> {
    out: W,
    sum: XxHash3_64,
}

impl<W: Write> ListWriter<W> {
    /// Begins with a signature.
    pub(in super::super) fn begin(out: W, signature: &Signature) -> std::io::Result<Self> {
        let mut writer = Self {
            out,
            sum: XxHash3_64::new(),
        };
        writer.write(&signature.magic)?;
        writer.write(&signature.version.to_le_bytes())?;
        Ok(writer)
    }

    /// Writes a list.
    pub(in super::super) fn put<T: Pod>(&mut self, list: &[T]) -> std::io::Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(list);
        self.write(&(bytes.len() as u64).to_le_bytes())?;
        self.write_sum()?;
        self.write(bytes)
    }

    /// Ends the lists.
    pub(in super::super) fn finish(mut self) -> std::io::Result<()> {
        self.write_sum()?;
        self.out.flush()
    }

    fn write_sum(&mut self) -> std::io::Result<()> {
        self.write(&self.sum.finish().to_le_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sum.write(bytes);
        self.out.write_all(bytes)
    }
}

/// Reads what a [`ListWriter`] has written.
pub(in super::super) struct ListReader<R> {
    input: R,
    sum: XxHash3_64,
}

impl<R: Read> ListReader<R> {
    /// Reads the signature, which must be this one.
    pub(in super::super) fn begin(input: R, signature: &Signature) -> Result<Self, StoredIndexError> {
        let mut reader = Self {
            input,
            sum: XxHash3_64::new(),
        };
        if reader.read_word()? != signature.magic {
            return Err(StoredIndexError::Foreign);
        }
        let found = u64::from_le_bytes(reader.read_word()?);
        if found != signature.version {
            return Err(StoredIndexError::Version {
                found,
                known: signature.version,
            });
        }
        Ok(reader)
    }

    /// Reads a list.
    pub(in super::super) fn take<T: Pod>(&mut self) -> Result<Vec<T>, StoredIndexError> {
        let bytes = u64::from_le_bytes(self.read_word()?);
        self.check_sum()?;
        let size = size_of::<T>();
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        StoredIndexError::unless(bytes % size == 0, "a list ends within a number")?;
        let count = bytes / size;
        let mut list: Vec<T> = Vec::new();
        while list.len() < count {
            // As much again as was there, so that a length alone takes no memory.
            let from = list.len();
            let step = (count - from).min(from.max(STEP / size));
            list.reserve_exact(step);
            list.resize(from + step, T::zeroed());
            self.read(bytemuck::cast_slice_mut(&mut list[from..]))?;
        }
        Ok(list)
    }

    /// Reads a list of exactly so many numbers.
    pub(in super::super) fn take_array<T: Pod, const N: usize>(
        &mut self,
    ) -> Result<[T; N], StoredIndexError> {
        let list = self.take()?;
        let array = list.try_into().ok();
        array.ok_or(StoredIndexError::Damaged {
            what: "a list has another length",
        })
    }

    /// Checks the sum at the end.
    pub(in super::super) fn finish(mut self) -> Result<(), StoredIndexError> {
        self.check_sum()
    }

    fn check_sum(&mut self) -> Result<(), StoredIndexError> {
        let expected = self.sum.finish();
        let found = u64::from_le_bytes(self.read_word()?);
        StoredIndexError::unless(found == expected, "its checksum is another")
    }

    fn read_word(&mut self) -> Result<[u8; 8], StoredIndexError> {
        let mut word = [0; 8];
        self.read(&mut word)?;
        Ok(word)
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), StoredIndexError> {
        self.input.read_exact(bytes).map_err(StoredIndexError::Read)?;
        self.sum.write(bytes);
        Ok(())
    }
}
