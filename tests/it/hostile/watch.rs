//! Runs the program and watches what it and the processes it starts take of the machine.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::program;

/// How a run went.
pub(super) struct Watched {
    pub(super) code: Option<i32>,
    /// The status in words, `out of time` where it was stopped.
    pub(super) status: String,
    pub(super) stderr: String,
    /// Most resident memory of all its processes together, MiB.
    pub(super) most_mib: u64,
    pub(super) seconds: f64,
}

/// Runs the pipeline of a folder, and stops it after so many seconds.
pub(super) fn run(folder: &Path, seconds: u64) -> Watched {
    let from = Instant::now();
    let mut child = Command::new(program())
        .args(["run", "pipeline.toml", "--quiet"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("stderr")).unwrap())
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        most = most.max(resident(child.id()));
        if from.elapsed() > Duration::from_secs(seconds) {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        thread::sleep(Duration::from_millis(10));
    };
    Watched {
        code: status.and_then(|status| status.code()),
        status: status.map_or_else(|| "out of time".to_owned(), |status| status.to_string()),
        stderr: fs::read_to_string(folder.join("stderr")).unwrap_or_default(),
        most_mib: most >> 10,
        seconds: from.elapsed().as_secs_f64(),
    }
}

/// Resident memory of a process and those that it has started, KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let own = line
        .and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0);
    own + started_by(process).into_iter().map(resident).sum::<u64>()
}

/// Each thread of a process lists those that it has started.
fn started_by(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return vec![];
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}
