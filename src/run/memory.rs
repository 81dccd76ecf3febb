//! How much memory a run may take (what is asked for, else half of what there is), and who gets it.
//!
//! Reads what the system tells of itself; decides, and takes nothing. What a layer keeps of every row, and
//! its rejects and flags, have shares of their own of what rows get (`engine::Room`).

use std::fs;
use std::path::{Path, PathBuf};

use tracing::debug;

use super::mode::Mode;
use crate::engine::Room;
use crate::plan::Plan;
use crate::source::Readers;
use crate::store::{Scratch, Staging};

/// Most that a run takes unasked: beyond it, rows go to a scratch file, which costs little.
const DEFAULT: u64 = 2 << 30;
/// What a run takes besides rows: the program and its libraries, a batch and a row group for each thread.
const BESIDES: u64 = 80 << 20;
/// The same, for each thread.
const BESIDES_EACH: u64 = 16 << 20;
/// Rows get no less than this: where the rest leaves less, the memory asked for is
/// exceeded, not the work refused.
const LEAST_ROWS: u64 = 24 << 20;

/// How sources are read: a reader's memory is a part of the run's.
pub(super) fn readers(plan: &Plan, mode: Mode<'_>) -> Readers {
    let memory = run_bytes(plan.memory_bytes);
    mode.reader.map_or_else(Readers::in_process, |program| {
        Readers::isolated(program.clone(), memory)
    })
}

/// What rows may take of the machine, and the folder for those that don't fit.
pub(super) fn row_room(plan: &Plan, mode: Mode<'_>, staging: &Staging<'_>) -> Room {
    let memory = run_bytes(plan.memory_bytes);
    let rows = row_bytes(memory, rayon::current_num_threads());
    let folder = mode.scratch.unwrap_or_else(|| staging.scratch());
    debug!(memory, rows, scratch = %folder.display(), "memory");
    Room::new(rows, Scratch::new(folder))
}

/// Peak resident memory as Linux tells it (`VmHWM` of proc(5)), bytes; none elsewhere.
pub(super) fn peak_resident() -> Option<u64> {
    let status = fs::read_to_string(Path::new("/proc/self/status")).ok()?;
    field_bytes(&status, "VmHWM:")
}

/// Memory for a run, bytes: what is asked for, else half of what the machine or its control
/// group has, at most 2 GiB.
fn run_bytes(asked: Option<u64>) -> u64 {
    asked.unwrap_or_else(|| available_bytes().map_or(DEFAULT, |bytes| (bytes / 2).min(DEFAULT)))
}

/// Of a run's memory, what rows may take: while they wait to be packed, and on the way to a tile.
fn row_bytes(memory: u64, threads: usize) -> usize {
    // Polygon sets are no part of it: they come on top of what is asked for, since every
    // batch needs all of them.
    let besides = BESIDES + BESIDES_EACH * threads as u64;
    let rows = memory.saturating_sub(besides).max(LEAST_ROWS);
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// Memory of the machine, or of the control group where that is less, bytes.
fn available_bytes() -> Option<u64> {
    let meminfo = fs::read_to_string(Path::new("/proc/meminfo")).ok();
    let machine = meminfo.and_then(|text| field_bytes(&text, "MemTotal:"));
    let groups = fs::read_to_string(Path::new("/proc/self/cgroup")).unwrap_or_default();
    // A file that says `max`, or isn't there since no controller is on, limits nothing.
    let limits = limit_files(&groups)
        .into_iter()
        .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
    limits.chain(machine).min()
}

/// A field of proc(5) in kB, such as `MemTotal:`, in bytes.
fn field_bytes(text: &str, field: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Files that may limit a process of these control groups: of each group and all above it, versions 2 and 1.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    // cgroups(7): a line is `number:controllers:path`. Version 2 has one line, which names no
    // controllers; version 1 has one for each hierarchy, of which that of `memory` counts. The limit of a
    // group holds for all below it, so that the least on the way to the root is what a process has, as in
    // a container within a slice.
    let mut files = Vec::new();
    for line in groups.lines() {
        let Some((controllers, path)) = line.split_once(':').and_then(|(_, rest)| rest.split_once(':'))
        else {
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
            field_bytes("MemTotal:       24576000 kB\nMemFree: 1 kB\n", "MemTotal:"),
            Some(24_576_000 * 1024)
        );
        assert_eq!(field_bytes("nothing", "MemTotal:"), None);
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
        assert_eq!(run_bytes(Some(512 << 20)), 512 << 20);
        assert!(run_bytes(None) <= DEFAULT);
        assert!(row_bytes(1 << 30, 2) > 512 << 20 && row_bytes(1 << 30, 2) < 1 << 30);
        assert_eq!(row_bytes(64 << 20, 2) as u64, LEAST_ROWS);
    }
}
