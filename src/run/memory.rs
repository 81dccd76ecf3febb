//! How much memory a run may take: what is asked for, else half of what there is.
//!
//! Reads what the system tells of itself; decides, and takes nothing. What a layer keeps of every row, and its rejects and
//! flags, have shares of their own of what rows get (`engine::Room`).

use std::fs;
use std::path::{Path, PathBuf};

/// Most that a run takes unasked: beyond it, rows go to a scratch file, which costs little.
const DEFAULT: u64 = 2 << 30;
/// What a run takes besides rows: the program and its libraries, a batch and a row group for each thread.
const BESIDES: u64 = 80 << 20;
/// The same, for each thread.
const BESIDES_EACH: u64 = 16 << 20;
/// Rows get no less than this: where the rest leaves less, the memory asked for is exceeded, not the work refused.
const LEAST_ROWS: u64 = 24 << 20;

/// Memory for a run, bytes: what is asked for, else half of what the machine or its control group has, at most 2 GiB.
pub(super) fn for_run(asked: Option<u64>) -> u64 {
    asked.unwrap_or_else(|| there_is().map_or(DEFAULT, |bytes| (bytes / 2).min(DEFAULT)))
}

/// Of a run's memory, what rows may take: while they wait to be packed, and on the way to a tile.
pub(super) fn for_rows(memory: u64, threads: usize) -> usize {
    let besides = BESIDES + BESIDES_EACH * threads as u64;
    let rows = memory.saturating_sub(besides).max(LEAST_ROWS);
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// Memory of the machine, or of the control group where that is less, bytes.
fn there_is() -> Option<u64> {
    let machine = fs::read_to_string(Path::new("/proc/meminfo"))
        .ok()
        .and_then(|text| total(&text));
    let groups = fs::read_to_string(Path::new("/proc/self/cgroup")).ok();
    let groups = groups
        .iter()
        .flat_map(|text| limit_files(text))
        .filter_map(|file| fs::read_to_string(file).ok());
    groups
        .filter_map(|text| text.trim().parse().ok())
        .chain(machine)
        .min()
}

/// `MemTotal` of proc(5), bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Files that may limit a process of these control groups: of each group and all above it, versions 2 and 1.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            files.push(Path::new(root).join(group).join(file));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_is_read_as_the_system_writes_it() {
        assert_eq!(
            total("MemTotal:       24576000 kB\nMemFree: 1 kB\n"),
            Some(24_576_000 * 1024)
        );
        assert_eq!(total("nothing"), None);
        let files = limit_files("0::/user.slice/cikr\n4:memory:/batch\n3:cpu:/\n");
        let expected = [
            "/sys/fs/cgroup/user.slice/cikr/memory.max",
            "/sys/fs/cgroup/user.slice/memory.max",
            "/sys/fs/cgroup/memory.max",
            "/sys/fs/cgroup/memory/batch/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ];
        assert_eq!(files, expected.map(PathBuf::from));
    }

    #[test]
    fn rows_get_a_part_of_what_is_asked_for() {
        assert_eq!(for_run(Some(512 << 20)), 512 << 20);
        assert!(for_run(None) <= DEFAULT);
        assert!(for_rows(1 << 30, 2) > 512 << 20 && for_rows(1 << 30, 2) < 1 << 30);
        assert_eq!(for_rows(64 << 20, 2) as u64, LEAST_ROWS);
    }
}
