//! The demo pipeline on the sample data: planted defects are found, real airports lie where they say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use cikr::feature::{LayerStatus, RunReport};
use tempfile::TempDir;

use crate::program::{ROOT, by_id, ended, latest, tiles};

/// One run of the demo, shared by the tests of this file, which only look at it.
struct Demo {
    store: TempDir,
    report: RunReport,
}

fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| {
        let store = tempfile::tempdir().unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_cikr"))
            .args(["run", "pipelines/demo.toml", "--format", "json", "--store"])
            .arg(store.path())
            .current_dir(ROOT)
            .output();
        let report = ended(&run.unwrap()).code(0).report();
        Demo { store, report }
    })
}

impl Demo {
    fn release(&self) -> PathBuf {
        latest(self.store.path())
    }

    fn layer(&self, id: &str) -> PathBuf {
        self.release().join("layers").join(id)
    }
}

fn defects() -> serde_json::Map<String, serde_json::Value> {
    let text = fs::read(Path::new(ROOT).join("sample-data/defects.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn planted_defects_are_found_to_the_row() {
    let report = &demo().report;
    let defects = defects();
    assert_eq!(report.layers.len(), defects.len());
    for layer in &report.layers {
        let expected = &defects[layer.id.as_str()];
        let found = serde_json::to_value(layer).unwrap();
        assert_eq!(layer.status(), LayerStatus::Published, "{}", layer.id);
        assert_eq!(found["rows_read"], expected["rows"], "{} rows", layer.id);
        assert_eq!(found["rows_written"], expected["written"], "{} written", layer.id);
        assert_eq!(
            found["rejects_by_reason"], expected["rejects"],
            "{} rejects",
            layer.id
        );
        if let Some(states) = expected.get("rows_by_state") {
            assert_eq!(&found["rows_by_state"], states, "{} states", layer.id);
        }
        if let Some(mismatches) = expected.get("county_mismatch") {
            assert_eq!(
                &found["located"]["county_mismatch"], mismatches,
                "{} counties",
                layer.id
            );
        }
        if let Some(nearest) = expected.get("nearest") {
            assert_eq!(
                &found["located"]["nearest"], nearest,
                "{} off the coast",
                layer.id
            );
        }
        for (field, counts) in expected
            .get("fields")
            .and_then(|f| f.as_object())
            .into_iter()
            .flatten()
        {
            for (what, n) in counts.as_object().unwrap() {
                assert_eq!(&found["fields"][field][what], n, "{} {field} {what}", layer.id);
            }
        }
    }
}

/// What is counted per field is flagged row by row; a row that repeats an earlier key is counted and rejected.
#[test]
fn what_is_counted_is_flagged() {
    let dates = [
        "mangled_date",
        "excel_serial_date",
        "zero_date",
        "future_date",
        "implausible_date",
    ];
    let mut flagged = 0;
    for layer in &demo().report.layers {
        let of = |code: &str, field: &str| {
            layer
                .flags
                .get(code)
                .and_then(|f| f.get(field))
                .copied()
                .unwrap_or(0)
        };
        let repeated = layer.rejects_by_reason.get("duplicate_key").copied().unwrap_or(0);
        for (field, counts) in &layer.fields {
            let nulls = of("unparsed", field) + dates.iter().map(|code| of(code, field)).sum::<u64>();
            let pairs = [
                (counts.unparsed, nulls),
                (counts.unknown_code, of("unknown_code", field)),
            ];
            for (counted, flags) in pairs {
                assert!(
                    flags <= counted && counted <= flags + repeated,
                    "{} {field}: {pairs:?}",
                    layer.id
                );
                flagged += flags;
            }
        }
        // By its code and by its name a county may be told twice.
        let by_code = of("county_mismatch", "county_fips_claimed");
        let by_name = of("county_mismatch", "county_name_claimed");
        let mismatch = layer.located.county_mismatch;
        assert!(
            by_code.max(by_name) <= mismatch && mismatch <= by_code + by_name,
            "{}",
            layer.id
        );
    }
    assert!(flagged > 20, "the sample data have planted ones: {flagged}");
}

#[test]
fn airports_lie_in_the_state_they_claim() {
    let airports = demo().layer("airports");
    let computed = by_id(&airports, "state_code");
    let claimed = by_id(&airports, "state_code_claimed");
    let placed: Vec<(&String, &str, &str)> = computed
        .iter()
        .filter_map(|(id, state)| Some((id, state.as_deref()?, claimed[id].as_deref()?)))
        .collect();
    assert!(
        placed.len() >= 12_580,
        "{} of {} placed",
        placed.len(),
        computed.len()
    );
    let strays: Vec<_> = placed
        .iter()
        .filter(|(_, computed, claimed)| computed != claimed)
        .collect();
    let share = 1.0 - strays.len() as f64 / placed.len() as f64;
    assert!(share >= 0.998, "{share}: {strays:?}");
}

#[test]
fn every_capital_lies_in_its_state_and_region() {
    let capitals = demo().layer("state_capitals");
    assert_eq!(
        by_id(&capitals, "state_code"),
        by_id(&capitals, "state_code_claimed")
    );
    for tile in tiles(&capitals) {
        let rows = cikr::geoparquet::read_footer(&tile).unwrap().rows;
        assert!(
            rows > 0 && tile.to_string_lossy().contains("region=R"),
            "{}",
            tile.display()
        );
    }
}

#[test]
fn the_inventory_holds_every_facility_once() {
    let release = demo().release();
    let inventory = by_id(&release.join("facilities"), "layer");
    let mut layers: BTreeMap<&str, u64> = BTreeMap::new();
    for layer in inventory.values().flatten() {
        *layers.entry(layer).or_default() += 1;
    }
    let written: BTreeMap<&str, u64> = demo()
        .report
        .layers
        .iter()
        .map(|layer| (layer.id.as_str(), layer.rows_written))
        .collect();
    assert_eq!(layers, written);
    assert_eq!(inventory.len() as u64, demo().report.inventory_rows);
}

#[test]
fn every_facility_is_placed_in_every_sector_scheme() {
    let release = demo().release();
    let facilities = by_id(&release.join("facilities"), "layer").into_keys().collect();
    let without = crate::schemes::assert_complete(&release, &facilities);
    assert!(without > 0, "2003 has no place for a dam");
}

#[test]
fn verify_finds_the_release_sound_and_a_changed_byte_unsound() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let cikr = |release: &Path| {
        let run = Command::new(env!("CARGO_BIN_EXE_cikr"))
            .arg("verify")
            .arg(release)
            .current_dir(ROOT)
            .output();
        ended(&run.unwrap())
    };
    let sound = cikr(&demo().release()).code(0);
    assert!(sound.stdout.contains("sound"), "{}", sound.stdout);
    let copied = Command::new("cp")
        .arg("-r")
        .arg(demo().release())
        .arg(&copy)
        .status()
        .unwrap();
    assert!(copied.success());
    let tile = tiles(&copy.join("layers/dams")).remove(0);
    let mut bytes = fs::read(&tile).unwrap();
    bytes[100] ^= 1;
    fs::write(&tile, bytes).unwrap();
    fs::remove_file(copy.join("layers/hospitals/collection.json")).unwrap();
    fs::write(copy.join("stray.txt"), "stray").unwrap();
    let found = cikr(&copy).code(7).stdout;
    for what in [
        "sha256",
        "layers/hospitals/collection.json",
        "missing",
        "stray.txt",
    ] {
        assert!(found.contains(what), "{what}:\n{found}");
    }
}

/// Design: nothing but Parquet below `data/`, the hive key not repeated, one schema per collection.
#[test]
fn folders_are_what_readers_need() {
    let release = demo().release();
    let mut collections: Vec<PathBuf> = fs::read_dir(release.join("layers"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    collections.push(release.join("facilities"));
    for collection in collections {
        let footers: Vec<_> = tiles(&collection)
            .iter()
            .map(|tile| cikr::geoparquet::read_footer(tile).unwrap())
            .collect();
        assert!(
            footers.windows(2).all(|pair| pair[0].schema == pair[1].schema),
            "{}",
            collection.display()
        );
        for footer in &footers {
            assert_eq!(footer.keys, ["geo", "columns"], "no ARROW:schema");
            assert!(footer.schema.index_of("region").is_err());
            let core = cikr::feature::CORE_COLUMNS.iter().map(|column| column.name);
            assert!(
                core.zip(footer.schema.fields())
                    .all(|(core, field)| core == field.name())
            );
        }
        for tile in tiles(&collection) {
            assert!(
                tile.extension().is_some_and(|extension| extension == "parquet"),
                "{}",
                tile.display()
            );
        }
    }
}

#[test]
fn made_up_layers_say_so() {
    let release = demo().release();
    let readme = fs::read_to_string(release.join("README.md")).unwrap();
    let agencies = by_id(&release.join("facilities"), "source_agency");
    for layer in &demo().report.layers {
        let real = ["airports", "state_capitals"].contains(&layer.id.as_str());
        let collection = fs::read_to_string(demo().layer(layer.id.as_str()).join("collection.json")).unwrap();
        assert_eq!(collection.contains("(synthetic)"), !real, "{}", layer.id);
        assert!(
            real || !collection.contains(".gov") && !collection.contains(".mil"),
            "{}",
            layer.id
        );
        let line = readme
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", layer.id)))
            .unwrap();
        assert_eq!(line.contains("(synthetic)"), !real, "{line}");
        let prefix = format!("{}:", layer.id);
        let (_, agency) = agencies.iter().find(|(id, _)| id.starts_with(&prefix)).unwrap();
        assert_eq!(
            agency.as_deref().unwrap().contains("made up"),
            !real,
            "{}",
            layer.id
        );
    }
}

#[test]
fn null_stays_null_and_typed() {
    let hospitals = demo().layer("hospitals");
    let batch = crate::program::rows(&hospitals).remove(0);
    let beds = batch.column_by_name("beds").unwrap();
    let beds = beds
        .as_any()
        .downcast_ref::<arrow_array::Int64Array>()
        .expect("beds are integers");
    assert!(beds.iter().flatten().all(|beds| beds >= 0), "-999 is null");
    let names: Vec<String> = by_id(&hospitals, "name").into_values().flatten().collect();
    assert!(
        names
            .iter()
            .all(|name| name != "NOT AVAILABLE" && name.trim() == name)
    );
}
