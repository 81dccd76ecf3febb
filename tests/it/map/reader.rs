//! Archives read back: directories by the `pmtiles` crate, tiles by a small decoder of Mapbox Vector Tile 2.1.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use pmtiles::{AsyncBackend, AsyncPmTilesReader, BackendResponse, PmtResult, TileCoord};
use serde_json::Value;

/// A feature as decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feature {
    pub(super) id: u64,
    pub(super) attributes: BTreeMap<String, Value>,
    /// 1 point, 2 lines, 3 areas.
    pub(super) kind: u64,
    /// Vertices, one list for each `MoveTo`.
    pub(super) paths: Vec<Vec<(i64, i64)>>,
}

/// An archive, whole in memory.
pub(super) struct Archive {
    runtime: tokio::runtime::Runtime,
    reader: AsyncPmTilesReader<Memory>,
}

struct Memory(Vec<u8>);

impl AsyncBackend for Memory {
    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        let start = usize::try_from(offset).unwrap().min(self.0.len());
        let end = (start + length).min(self.0.len());
        Ok(BackendResponse::new(self.0[start..end].to_vec().into()))
    }
}

impl Archive {
    pub(super) fn open(path: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let source = Memory(fs::read(path).unwrap());
        let reader = runtime
            .block_on(AsyncPmTilesReader::try_from_source(source))
            .unwrap();
        Self { runtime, reader }
    }

    pub(super) fn metadata(&self) -> Value {
        let text = self.runtime.block_on(self.reader.get_metadata()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub(super) fn is_clustered(&self) -> bool {
        self.reader.get_header().clustered()
    }

    /// Features of a tile; none where the archive has no such tile.
    pub(super) fn tile(&self, zoom: u8, x: u32, y: u32) -> Option<Vec<Feature>> {
        self.bytes(zoom, x, y).map(|tile| decode(&tile))
    }

    /// A tile as it is before gzip.
    pub(super) fn bytes(&self, zoom: u8, x: u32, y: u32) -> Option<Vec<u8>> {
        let coordinates = TileCoord::new(zoom, x, y).unwrap();
        let packed = self
            .runtime
            .block_on(self.reader.get_tile(coordinates))
            .unwrap()?;
        let mut tile = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut tile).unwrap();
        Some(tile)
    }

    /// All features of a zoom with the tiles they are in: every tile within the bounds of the archive is looked up.
    pub(super) fn features_at(&self, zoom: u8) -> Vec<((u32, u32), Feature)> {
        let header = self.reader.get_header();
        let (left, top) = tile_at(zoom, header.min_longitude, header.max_latitude);
        let (right, bottom) = tile_at(zoom, header.max_longitude, header.min_latitude);
        let end = 1_u32 << zoom;
        let mut features = Vec::new();
        // With the tiles around them, which have what is within their buffers.
        for x in left.saturating_sub(1)..(right + 2).min(end) {
            for y in top.saturating_sub(1)..(bottom + 2).min(end) {
                let of_tile = self.tile(zoom, x, y).into_iter().flatten();
                features.extend(of_tile.map(|feature| ((x, y), feature)));
            }
        }
        features
    }
}

/// Column and row of the tile that holds a place.
fn tile_at(zoom: u8, longitude: f64, latitude: f64) -> (u32, u32) {
    let across = f64::from(1_u32 << zoom);
    let south = 0.5 - latitude.to_radians().tan().asinh() / std::f64::consts::TAU;
    (
        ((longitude + 180.0) / 360.0 * across) as u32,
        (south * across) as u32,
    )
}

/// Fields of a message: number, and what it holds.
fn fields(bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut rest)),
            1 => {
                let (taken, left) = rest.split_first_chunk().unwrap();
                rest = left;
                Field::Double(f64::from_le_bytes(*taken))
            }
            2 => {
                let length = usize::try_from(varint(&mut rest)).unwrap();
                let (taken, left) = rest.split_at(length);
                rest = left;
                Field::Bytes(taken)
            }
            other => panic!("wire type {other}"),
        };
        found.push((tag >> 3, field));
    }
    found
}

#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn bytes(self) -> &'a [u8] {
        let Self::Bytes(bytes) = self else {
            panic!("no bytes")
        };
        bytes
    }

    fn text(self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    fn number(self) -> u64 {
        let Self::Number(number) = self else {
            panic!("no number")
        };
        number
    }
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (byte, left) = rest.split_first().unwrap();
        *rest = left;
        number |= u64::from(byte & 127) << shift;
        if *byte < 128 {
            break;
        }
    }
    number
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while !rest.is_empty() {
        found.push(varint(&mut rest));
    }
    found
}

/// The features of the one layer of a tile.
fn decode(tile: &[u8]) -> Vec<Feature> {
    let layers = fields(tile);
    assert_eq!(layers.len(), 1, "one layer");
    let layer = fields(layers[0].1.bytes());
    let all = |number: u64| {
        layer
            .iter()
            .filter(move |(found, _)| *found == number)
            .map(|(_, field)| *field)
    };
    assert_eq!(all(15).next().unwrap().number(), 2, "version");
    assert_eq!(all(5).next().unwrap().number(), 4096, "extent");
    let keys: Vec<String> = all(3).map(Field::text).collect();
    let values: Vec<Value> = all(4).map(value).collect();
    all(2).map(|field| feature(field, &keys, &values)).collect()
}

fn value(field: Field<'_>) -> Value {
    match fields(field.bytes())[0] {
        (1, text) => text.text().into(),
        (3, Field::Double(number)) => number.into(),
        (5, number) => number.number().into(),
        (6, number) => unzigzag(number.number()).into(),
        (7, is_so) => (is_so.number() == 1).into(),
        (other, _) => panic!("value of kind {other}"),
    }
}

fn feature(field: Field<'_>, keys: &[String], values: &[Value]) -> Feature {
    let mut feature = Feature {
        id: 0,
        attributes: BTreeMap::new(),
        kind: 0,
        paths: vec![],
    };
    for (number, field) in fields(field.bytes()) {
        match number {
            1 => feature.id = field.number(),
            2 => {
                let tags = numbers(field.bytes());
                let pairs = tags.as_chunks::<2>().0.iter();
                feature.attributes = pairs
                    .map(|[key, value]| (keys[*key as usize].clone(), values[*value as usize].clone()))
                    .collect();
            }
            3 => feature.kind = field.number(),
            4 => feature.paths = paths(&numbers(field.bytes())),
            other => panic!("field {other} of a feature"),
        }
    }
    feature
}

fn paths(commands: &[u64]) -> Vec<Vec<(i64, i64)>> {
    let mut paths: Vec<Vec<(i64, i64)>> = Vec::new();
    let mut at = (0, 0);
    let mut rest = commands.iter();
    while let Some(command) = rest.next() {
        for _ in 0..command >> 3 {
            if command & 7 == 7 {
                continue;
            }
            let mut step = || unzigzag(*rest.next().unwrap());
            at = (at.0 + step(), at.1 + step());
            if command & 7 == 1 {
                paths.push(vec![]);
            }
            paths.last_mut().unwrap().push(at);
        }
    }
    paths
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
