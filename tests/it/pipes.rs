//! Files that are none: a pipe in place of anything that is read is told of, and nothing waits for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{Folder, ended, tiles};

/// Puts a pipe that nobody writes to in place of a file.
fn pipe(path: &Path) {
    fs::remove_file(path).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_pipe_in_place_of_a_file_is_told_of_and_nothing_waits_for_it() {
    let cases = [
        ("pipeline.toml", "check pipeline.toml"),
        ("schemas/points.toml", "check pipeline.toml"),
        ("points.csv", "run pipeline.toml"),
        ("counties.geojson", "run pipeline.toml"),
        ("store/public/latest.json", "run pipeline.toml"),
        ("report.json", "verify store"),
        ("manifest.json", "verify store"),
        ("tile", "verify store"),
    ];
    for (name, command) in cases {
        let folder = Folder::new();
        folder
            .points("1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n")
            .run()
            .code(0);
        let release = folder.latest();
        let path = match name {
            "tile" => tiles(&release.join("layers/points")).remove(0),
            "report.json" | "manifest.json" => release.join(name),
            name => folder.path().join(name),
        };
        pipe(&path);
        let args = ["30", env!("CARGO_BIN_EXE_cikr")]
            .into_iter()
            .chain(command.split(' '));
        let ended = ended(
            &Command::new("timeout")
                .args(args)
                .current_dir(folder.path())
                .output()
                .unwrap(),
        );
        assert_ne!(ended.code, 124, "{name}: it waits");
        let told = ended.stderr + &ended.stdout;
        assert!(
            told.contains("regular file") || told.contains("is neither a file"),
            "{name}: {told}"
        );
    }
}
