//! Faults at every call: the real program, of which strace fails the nth call of a kind, or kills it there.
//!
//! Fetching, landing, making, publishing and pruning are all in one night, so every call of them is met.

use std::fs;
use std::process::{Command, Stdio};

use super::{LAYERS, Nights};
use crate::program::program;

/// Calls of one kind, and what is to become of one of them.
struct Kind {
    name: &'static str,
    calls: &'static str,
    faults: &'static [&'static str],
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "sync",
        calls: "fsync,fdatasync",
        faults: &["error=EIO", "error=ENOSPC", "signal=KILL"],
    },
    Kind {
        name: "name",
        calls: "rename,renameat,renameat2,link,linkat",
        faults: &["error=EIO", "error=ENOSPC", "signal=KILL"],
    },
    Kind {
        name: "make",
        calls: "mkdir,mkdirat",
        faults: &["error=ENOSPC", "signal=KILL"],
    },
    Kind {
        name: "remove",
        calls: "unlink,unlinkat,rmdir",
        faults: &["error=EIO", "signal=KILL"],
    },
    Kind {
        name: "write",
        calls: "write,pwrite64",
        faults: &["error=ENOSPC", "error=EIO", "signal=KILL"],
    },
    // The first of them are the loader's.
    Kind {
        name: "read",
        calls: "read,pread64",
        faults: &["error=EIO", "signal=KILL"],
    },
    Kind {
        name: "network",
        calls: "connect,recvfrom,sendto,sendmsg,recvmsg",
        faults: &["error=ECONNRESET", "error=ETIMEDOUT", "signal=KILL"],
    },
];

#[test]
fn a_call_that_fails_loses_nothing() {
    let told = fail(&KINDS[..2], &["error=ENOSPC", "signal=KILL"], 9, 16);
    assert!(told.met >= 4, "{} calls met", told.met);
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_every_kind_of_call_fails_at_many_places() {
    let told = fail(
        &KINDS,
        &[
            "error=EIO",
            "error=ENOSPC",
            "error=ECONNRESET",
            "error=ETIMEDOUT",
            "signal=KILL",
        ],
        1,
        400,
    );
    let text = format!(
        "{} calls met: {} nights ended by their fault, {} went on; none lost or mixed a layer\n",
        told.met, told.ended, told.went_on
    );
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).unwrap();
    assert!(told.met >= 150, "{} calls met", told.met);
}

/// How many faults were met, and what became of their nights.
#[derive(Default)]
struct Told {
    met: u32,
    ended: u32,
    went_on: u32,
}

/// Faults at calls of each kind, from `first` to `last` or the last that there is.
fn fail(kinds: &[Kind], faults: &[&str], first: u32, last: u32) -> Told {
    let nights = Nights::new();
    nights.calm("the first night");
    let (mut told, mut edition) = (Told::default(), 1);
    for kind in kinds {
        for fault in kind.faults.iter().filter(|fault| faults.contains(fault)) {
            let mut at = first;
            while at <= last {
                edition += 1;
                nights.publish(edition);
                let why = format!("{} call {at}: {fault}", kind.name);
                let Some(Ended { code }) = night_with(&nights, kind.calls, fault, at) else {
                    break;
                };
                told.met += 1;
                *(if code == Some(0) {
                    &mut told.went_on
                } else {
                    &mut told.ended
                }) += 1;
                check(&nights, edition, code, &why);
                // Each of the first, then ever fewer.
                at += (at / 4).max(1);
            }
        }
    }
    nights.verify("after all faults");
    told
}

/// What is published is whole and of this edition or the one before; and a calm night mends everything.
fn check(nights: &Nights, edition: u32, code: Option<i32>, why: &str) {
    // Killed, or one of the documented codes; 127 is the loader's, whose own reads may have failed.
    assert!(
        matches!(code, None | Some(0 | 1 | 4 | 5 | 6 | 127)),
        "{why}: exit code {code:?}"
    );
    for (layer, found) in LAYERS.iter().zip(nights.editions(why)) {
        let is_right = found.is_some_and(|found| found == edition || found + 1 == edition);
        assert!(
            is_right,
            "{why}: `{layer}` is of edition {found:?}, not {edition}"
        );
    }
    nights.calm(&format!("after {why}"));
}

/// How a night ended.
#[derive(Clone, Copy)]
struct Ended {
    /// None where it was killed.
    code: Option<i32>,
}

/// A night whose nth call fails; none where there was no such call.
fn night_with(nights: &Nights, calls: &str, fault: &str, at: u32) -> Option<Ended> {
    let log = nights.folder.path().join("calls.txt");
    let status = Command::new("strace")
        .args(["-f", "--seccomp-bpf", "-qq", "-e", "signal=none", "-e"])
        .arg(format!("trace={calls}"))
        .arg("-e")
        .arg(format!("inject={calls}:{fault}:when={at}"))
        .arg("-o")
        .arg(&log)
        .arg(program())
        .args(["run", "pipeline.toml", "--quiet", "--threads", "2"])
        .current_dir(nights.folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace is there; `tests/setup.sh test` installs it");
    let met = fs::read_to_string(&log).unwrap();
    let met: Vec<&str> = met.lines().filter(|line| line.contains("(INJECTED)")).collect();
    // No disk is behind the counter by which threads wake each other: such a write never fails so.
    let is_real = !met.iter().any(|line| line.contains(r#""\1\0\0\0\0\0\0\0", 8)"#));
    let code = status.code().filter(|_| is_real);
    (!met.is_empty() || status.code().is_none()).then_some(Ended { code })
}
