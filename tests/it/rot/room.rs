//! Disks without room, and outputs that take nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{files, two_layers};
use crate::program::{Folder, ended};

/// A small disk; none where mounting is not allowed.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, kilobytes: u64) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let options = format!("size={kilobytes}k,mode=755");
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(at)
            .status();
        done.is_ok_and(|status| status.success())
            .then(|| Self(at.to_owned()))
    }

    fn grow(&self, kilobytes: u64) {
        let options = format!("remount,size={kilobytes}k");
        assert!(
            Command::new("mount")
                .args(["-o", &options])
                .arg(&self.0)
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().unwrap();
    }
}

/// Whatever is being written when it fills up: the exit code says whose fault it is, and what was made so far goes.
#[test]
fn a_disk_that_fills_up_anywhere_is_the_stores_failure() {
    let folder = two_layers();
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        format!("{pipeline}\n[output]\nnational = true\n"),
    );
    let store = folder.path().join("store");
    let whole = {
        folder.run().code(0);
        let bytes: u64 = files(&store)
            .iter()
            .map(|file| fs::metadata(store.join(file)).unwrap().len().div_ceil(4096) * 4)
            .sum();
        fs::remove_dir_all(&store).unwrap();
        bytes
    };
    let (mut full, mut stages) = (0, std::collections::BTreeSet::new());
    for at in 0..16 {
        let Some(disk) = Disk::mount(&store, whole * (at + 1) / 16) else {
            return;
        };
        let night = folder.cikr(&["run", "pipeline.toml"]);
        if night.code == 0 {
            continue;
        }
        full += 1;
        assert!(!night.stderr.contains("panicked"), "{}", night.stderr);
        assert_eq!(night.code, 6, "with {at} of 16: {}", night.stderr);
        assert!(
            night.stderr.contains("No space left") || night.stderr.contains("no room"),
            "{}",
            night.stderr
        );
        assert_eq!(
            files(&store.join("work")),
            [] as [PathBuf; 0],
            "{at}: what it has made is gone"
        );
        stages.insert(night.stderr.lines().filter(|line| line.contains("INFO")).count());
        disk.grow(whole * 3);
        folder.cikr(&["run", "pipeline.toml"]).code(0);
        folder.cikr(&["verify", "store"]).code(0);
    }
    assert!(full > 8 && stages.len() > 3, "{full} full disks, at {stages:?}");
}

/// Calls that fail as on a full disk, one after the other, whatever they are for.
#[test]
fn a_write_that_finds_no_room_is_the_stores_failure_whatever_is_written() {
    let folder = two_layers();
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        format!("{pipeline}\n[output]\nnational = true\n"),
    );
    let mut failed = 0;
    for when in [1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 28, 36, 46, 60, 80, 120] {
        let store = folder.path().join("store");
        drop(fs::remove_dir_all(&store));
        let inject = format!("inject=write:error=ENOSPC:when={when}+");
        let traced = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=write", "-e", &inject])
            .arg(env!("CARGO_BIN_EXE_cikr"))
            .args(["run", "pipeline.toml", "--quiet"])
            .current_dir(folder.path())
            .output()
            .expect("strace is there; `tests/setup.sh test` installs it");
        let code = traced.status.code();
        // What is printed last is a write, too.
        assert!(
            matches!(code, Some(0 | 6 | 8)),
            "write {when}: {code:?} {}",
            String::from_utf8_lossy(&traced.stderr)
        );
        failed += usize::from(code == Some(6));
    }
    assert!(failed > 3, "{failed}");
}

#[test]
fn a_report_that_cannot_be_printed_is_told_of_as_such() {
    let folder = two_layers();
    let into_full = |args: &[&str]| {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cikr"));
        ended(
            &command
                .args(args)
                .current_dir(folder.path())
                .stdout(full)
                .output()
                .unwrap(),
        )
    };
    for format in ["text", "json"] {
        let night = into_full(&["run", "pipeline.toml", "--format", format]).code(8);
        let release = folder.latest();
        let id = release.file_name().unwrap().to_str().unwrap();
        night.says(&format!(
            "release {id} is published, but cannot write to standard output"
        ));
        folder.cikr(&["verify", "store"]).code(0);
    }
    into_full(&["releases", "--store", "store"])
        .code(8)
        .says("cannot write to standard output");
    folder.write("points.csv", "");
    folder.write("more.csv", "");
    // A failure stays one.
    into_full(&["run", "none.toml", "--format", "json"]).code(3);
}

/// Rejects and flags tell of a source as the pipeline does, wherever the run was begun.
#[test]
fn another_working_folder_gives_the_same_bytes() {
    let folder = two_layers();
    folder.run().code(0);
    let here = tables_of_doubts(&folder);
    let above = folder.path().parent().unwrap();
    let pipeline = folder.path().join("pipeline.toml");
    for (from, pipeline) in [
        (above, pipeline.strip_prefix(above).unwrap().to_owned()),
        (Path::new("/"), pipeline.clone()),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cikr"));
        let store = folder.path().join("store");
        command
            .current_dir(from)
            .arg("run")
            .arg(pipeline)
            .arg("--store")
            .arg(&store)
            .arg("--rebuild");
        ended(&command.output().unwrap()).code(0);
        assert!(tables_of_doubts(&folder) == here, "{}", from.display());
    }
}

fn tables_of_doubts(folder: &Folder) -> Vec<(PathBuf, Vec<u8>)> {
    let release = folder.latest();
    let is_told = |path: &PathBuf| path.starts_with("rejects") || path.starts_with("quality/flags");
    let paths = files(&release).into_iter().filter(is_told);
    let told: Vec<_> = paths
        .map(|path| (path.clone(), fs::read(release.join(path)).unwrap()))
        .collect();
    assert_eq!(told.len(), 4);
    told
}

#[test]
fn very_many_mistakes_are_told_in_a_bounded_number() {
    let folder = two_layers();
    let mut pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    for n in 0..20_000 {
        pipeline.push_str(&format!("wrong_{n} = 1\n"));
    }
    folder.write("pipeline.toml", pipeline);
    let ended = folder
        .cikr(&["check", "pipeline.toml"])
        .code(3)
        .says("and 19,950 more");
    assert!(
        ended.stderr.lines().count() < 50 * 12,
        "{}",
        ended.stderr.lines().count()
    );
}

#[test]
fn a_layer_id_that_no_file_can_have_is_a_mistake() {
    let folder = two_layers();
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    for (length, code) in [(100, 0), (101, 3), (300, 3)] {
        let id = "a".repeat(length);
        let renamed = pipeline.replacen(
            "id = \"points\"",
            &format!("id = \"{id}\"\nschema = \"points\""),
            1,
        );
        folder.write("pipeline.toml", renamed);
        folder.cikr(&["check", "pipeline.toml"]).code(code);
    }
    folder.write(
        "pipeline.toml",
        pipeline.replacen(
            "id = \"points\"",
            &format!("id = \"{}\"\nschema = \"points\"", "a".repeat(100)),
            1,
        ),
    );
    folder.run().code(0);
    folder.run().code(0);
}
