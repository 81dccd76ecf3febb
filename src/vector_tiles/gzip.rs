//! Tiles in gzip (RFC 1952): one compressor for many, and none for the smallest.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::protobuf::short_length;

/// Level of deflate.
const LEVEL: u32 = 1;

/// Bytes below which a tile is stored as it is.
const STORED_BELOW: usize = 256;

/// Magic, deflate, no flags, no time, nothing about the effort, a system that isn't told.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// A block of deflate that is the last, and stored.
const STORED: u8 = 1;

/// Compresses tiles one after the other.
#[derive(Debug)]
pub(super) struct Gzip {
    deflate: Compress,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            deflate: Compress::new(Compression::new(LEVEL), false),
        }
    }
}

impl Gzip {
    /// Adds a tile to `out`.
    pub(super) fn push_compressed(&mut self, tile: &[u8], out: &mut Vec<u8>) {
        out.extend(HEADER);
        match u16::try_from(tile.len())
            .ok()
            .filter(|_| tile.len() < STORED_BELOW)
        {
            Some(length) => {
                out.push(STORED);
                out.extend(length.to_le_bytes());
                out.extend((!length).to_le_bytes());
                out.extend_from_slice(tile);
            }
            None => self.push_deflated(tile, out),
        }
        let mut crc = Crc::new();
        crc.update(tile);
        out.extend(crc.sum().to_le_bytes());
        out.extend(short_length(tile).to_le_bytes());
    }

    fn push_deflated(&mut self, tile: &[u8], out: &mut Vec<u8>) {
        self.deflate.reset();
        let mut rest = tile;
        loop {
            out.reserve(rest.len() / 2 + 64);
            let before = self.deflate.total_in();
            let status = self.deflate.compress_vec(rest, out, FlushCompress::Finish);
            let taken = usize::try_from(self.deflate.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken..];
            if !matches!(status, Ok(Status::Ok | Status::BufError)) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn what_is_compressed_comes_back_whatever_its_size() {
        let mut gzip = Gzip::default();
        for length in [0, 1, STORED_BELOW - 1, STORED_BELOW, 70_000, 600_000] {
            let tile: Vec<u8> = (0..length).map(|n| u8::try_from(n * n % 251).unwrap()).collect();
            let mut packed = Vec::new();
            gzip.push_compressed(&tile, &mut packed);
            let mut back = Vec::new();
            GzDecoder::new(packed.as_slice()).read_to_end(&mut back).unwrap();
            assert!(back == tile, "{length}");
        }
    }
}
