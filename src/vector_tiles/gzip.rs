//! Tiles in gzip (RFC 1952): one compressor for many small tiles, one for large ones.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::protobuf::short_length;
use super::small_deflate::SmallDeflate;

/// Level of deflate for large tiles: level 3 takes three times as long for a tenth less.
const LEVEL: u32 = 1;

/// Bytes below which a tile is small: nearly all are.
const SMALL_BELOW: usize = 64 << 10;

/// Magic, deflate, no flags, no time, nothing about the effort, a system that isn't told.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Compresses tiles one after the other.
#[derive(Debug)]
pub(super) struct Gzip {
    small: SmallDeflate,
    large: Compress,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            small: SmallDeflate::default(),
            large: Compress::new(Compression::new(LEVEL), false),
        }
    }
}

impl Gzip {
    /// Adds a tile to `out`.
    pub(super) fn push_compressed(&mut self, tile: &[u8], out: &mut Vec<u8>) {
        out.extend(HEADER);
        if tile.len() < SMALL_BELOW {
            self.small.push_compressed(tile, out);
        } else {
            self.push_deflated(tile, out);
        }
        let mut crc = Crc::new();
        crc.update(tile);
        out.extend(crc.sum().to_le_bytes());
        out.extend(short_length(tile).to_le_bytes());
    }

    fn push_deflated(&mut self, tile: &[u8], out: &mut Vec<u8>) {
        self.large.reset();
        let mut rest = tile;
        loop {
            out.reserve(rest.len() / 2 + 64);
            let before = self.large.total_in();
            let status = self.large.compress_vec(rest, out, FlushCompress::Finish);
            let taken = usize::try_from(self.large.total_in() - before).unwrap_or(rest.len());
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
        for length in [0, 1, SMALL_BELOW - 1, SMALL_BELOW, 70_000, 600_000] {
            let tile: Vec<u8> = (0..length).map(|n| u8::try_from(n * n % 251).unwrap()).collect();
            let mut packed = Vec::new();
            gzip.push_compressed(&tile, &mut packed);
            let mut back = Vec::new();
            GzDecoder::new(packed.as_slice()).read_to_end(&mut back).unwrap();
            assert!(back == tile, "{length}");
        }
    }
}
