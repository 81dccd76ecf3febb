//! Memory of a pull does not grow with the layer: a service on loopback makes a million rows as they are asked for.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::loopback::arcgis::{ArcGis, Layer};
use crate::program::Folder;

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_memory_stays_flat_on_a_million_rows() {
    let mut table = String::from("| command | rows | peak MB | s |\n|---|--:|--:|--:|\n");
    let mut peak = |command: &str, folder: &Folder, rows: usize| {
        let (megabytes, seconds) = measure(command, folder);
        let _ = writeln!(table, "| {command} | {rows} | {megabytes} | {seconds:.1} |");
        megabytes
    };
    let (tenth, whole) = (served(100_000), served(1_000_000));
    let (small, large) = (
        peak("fetch", &tenth.1, 100_000),
        peak("fetch", &whole.1, 1_000_000),
    );
    assert!(whole.0.pages().len() >= 500, "every row was pulled");
    let night = served(1_000_000);
    for _ in ["a full night", "one without changes"] {
        peak("run", &night.1, 1_000_000);
    }
    std::io::Write::write_all(&mut std::io::stdout(), table.as_bytes()).unwrap();
    assert!(
        large < small + 64,
        "{small} MB for a tenth of the rows, {large} MB for all"
    );
}

/// A service of so many rows, and a pipeline over it.
fn served(rows: usize) -> (ArcGis, Folder) {
    let mut layer = Layer::points(rows);
    (layer.quirks.page_cap, layer.quirks.max_record_count) = (2_000, Some(2_000));
    let service = ArcGis::start(layer);
    let folder = Folder::new();
    let source = format!("source.arcgis = {{ url = \"{}\" }}", service.url(0));
    folder
        .schema("points", "point", "")
        .pipeline(&format!("\n[[layer]]\nid = \"points\"\n{source}\n"));
    (service, folder)
}

/// Peak memory, MB, and seconds of a command.
fn measure(command: &str, folder: &Folder) -> (u64, f64) {
    let from = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_cikr"));
    program
        .args([command, "pipeline.toml", "--quiet"])
        .current_dir(folder.path());
    let mut child = program.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        peak = high_water(child.id()).unwrap_or(0).max(peak);
        thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{command}: {status}");
    (peak >> 10, from.elapsed().as_secs_f64())
}

/// Most memory that a process had so far, kB.
fn high_water(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
