//! Who may read what a store holds; and what a crash may not leave.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{HEADER, files, two_layers};
use crate::program::{Folder, ended};

const OWN: [&str; 6] = ["landing", "work", "log", "gate", "tallies", "sets"];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn with_umask(folder: &Folder, umask: &str) {
    let script = format!(
        "umask {umask}; exec {} run pipeline.toml",
        env!("CARGO_BIN_EXE_cikr")
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    ended(&output).code(0);
}

fn assert_own(store: &Path) {
    for name in OWN {
        let folder = store.join(name);
        assert_eq!(mode(&folder), 0o700, "{name}");
        for file in files(&folder) {
            assert_eq!(mode(&folder.join(&file)), 0o600, "{name}/{}", file.display());
        }
    }
}

fn assert_published(folder: &Folder, files_are: u32, folders_are: u32) {
    let (store, release) = (folder.path().join("store"), folder.latest());
    for name in ["latest.json", "feed.xml"] {
        assert_eq!(mode(&store.join("public").join(name)), files_are, "{name}");
    }
    for file in files(&release) {
        let file = release.join(file);
        assert_eq!(mode(&file), files_are, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()), folders_are, "{}", file.display());
    }
    assert_eq!(mode(&release.with_extension("json")), files_are);
}

#[test]
fn what_is_not_published_is_the_owners_alone() {
    let folder = two_layers();
    with_umask(&folder, "022");
    assert_own(&folder.path().join("store"));
    assert_published(&folder, 0o644, 0o755);
}

#[test]
fn an_older_store_is_mended_by_the_next_run() {
    let folder = two_layers();
    with_umask(&folder, "022");
    let store = folder.path().join("store");
    for name in OWN {
        for file in files(&store.join(name)) {
            fs::set_permissions(store.join(name).join(file), fs::Permissions::from_mode(0o644)).unwrap();
        }
        fs::set_permissions(store.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    with_umask(&folder, "022");
    assert_own(&store);
}

/// As the unit of systemd does: all is the owner's, and what is published is for whom the folder `releases` is.
#[test]
fn releases_are_for_whom_their_folder_is() {
    let folder = two_layers();
    with_umask(&folder, "077");
    assert_own(&folder.path().join("store"));
    assert_published(&folder, 0o600, 0o700);
    let releases = folder.path().join("store/public/releases");
    for (folder_mode, file_mode) in [(0o755, 0o644), (0o750, 0o640)] {
        fs::set_permissions(&releases, fs::Permissions::from_mode(folder_mode)).unwrap();
        with_umask(&folder, "077");
        assert_published(&folder, file_mode, folder_mode);
    }
    folder.cikr(&["verify", "store"]).code(0);
}

/// A run that is shot leaves no core, whatever the shell allows, and nobody may look into it.
#[test]
fn a_crash_leaves_no_core() {
    let server = crate::loopback::Server::start(|_| {
        crate::loopback::Reply::bytes("text/csv", HEADER.as_bytes().to_vec())
            .after(std::time::Duration::from_secs(20))
    });
    let folder = crate::downloads::folder(&server.url("/points.csv"), "");
    let script = format!(
        "ulimit -c unlimited; exec {} run pipeline.toml",
        env!("CARGO_BIN_EXE_cikr")
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let cores = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(cores.split_whitespace().nth(4), Some("0"), "{cores}");
    assert!(
        Command::new("kill")
            .args(["-s", "ABRT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let status = child.wait().unwrap();
    assert!(!status.core_dumped(), "{status}");
}
