//! The parsers of what people write: a schema, a pipeline, and the rendering of every mistake in them.
#![no_main]

mod in_file;

use std::fs;
use std::path::Path;

use cikr::plan::{self, Overrides};
use cikr::config::{self, BlockConfig, Diagnostic, PipelineConfig, SchemaConfig};
use libfuzzer_sys::fuzz_target;

/// Where a schema is resolved against the project's own reference tables.
const FOLDER: &str = "/dev/shm/cikr-fuzz-spec";

fuzz_target!(init: prepare(), |data: &[u8]| {
    in_file::with_file(data, |path| {
        let mut found = Vec::new();
        let _ = SchemaConfig::read(path, &mut found);
        let _ = PipelineConfig::read(path, &mut found);
        let _ = BlockConfig::read(path, &mut found);
        tell(&config::in_reading_order(found, "fuzzed"));
        let is_toml = str::from_utf8(data).is_ok_and(|text| text.parse::<toml::Table>().is_ok());
        if is_toml {
            resolve(data);
        }
    });
});

fn prepare() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/reference");
    let pipeline = format!(
        "id = \"p\"\ntitle = \"P\"\nstore = \"store\"\nschemas = \".\"\nreference = \"{reference}\"\n\
         [[layer]]\nid = \"s\"\nsource.geojson = {{ path = \"none.geojson\" }}\n"
    );
    fs::create_dir_all(FOLDER).expect("a folder in memory");
    fs::write(Path::new(FOLDER).join("pipeline.toml"), pipeline).expect("memory takes it");
}

fn resolve(data: &[u8]) {
    let folder = Path::new(FOLDER);
    fs::write(folder.join("s.toml"), data).expect("memory takes it");
    match plan::load(&folder.join("pipeline.toml"), &Overrides::default()) {
        Ok((_, warnings)) => tell(&warnings),
        Err(mistakes) => tell(&mistakes),
    }
}

fn tell(found: &[Diagnostic]) {
    let _ = config::render(found, found.len() % 2 == 0);
    let _ = config::findings(found);
}
