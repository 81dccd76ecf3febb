//! Hundreds of nights in a row over one store, each of which chance may disturb.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{Fault, LAYERS, Nights};
use crate::chance::Chance;
use crate::loopback::{Reply, Request};

#[test]
fn twelve_nights_in_a_row() {
    endure(12, 3);
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_five_hundred_nights_in_a_row() {
    endure(500, 4);
}

/// So many nights; every tenth is calm, and what there is then must be the newest edition, sound, and no more than before.
fn endure(nights: u32, seed: u64) {
    let (store, mut chance, from) = (Nights::new(), Chance(seed), Instant::now());
    store.calm("the first night");
    let (mut edition, mut oldest, mut files_at_most) = (1, 1, 0);
    let mut codes = std::collections::BTreeMap::<Option<i32>, u32>::new();
    for night in 1..=nights {
        if chance.below(3) > 0 {
            edition += 1;
            store.publish(edition);
        }
        if night.is_multiple_of(10) {
            let why = format!("calm night {night}");
            store.calm(&why);
            store.verify(&why);
            oldest = edition;
            // Copies of sources are kept until somebody prunes them, and logs for good; nothing else may pile up.
            store.folder.cikr(&["landing", "store", "--keep", "1"]).code(0);
            let root = store.folder.path().join("store");
            let files = count(&root) - count(&root.join("log"));
            if night <= 20 {
                files_at_most = files * 2;
            } else {
                assert!(files <= files_at_most, "{why}: {files} files");
            }
            continue;
        }
        let (what, code) = disturbed(&store, &mut chance);
        let why = format!("night {night}: {what}");
        assert!(
            matches!(code, None | Some(0 | 4 | 5 | 6)),
            "{why}: exit code {code:?}"
        );
        *codes.entry(code).or_default() += 1;
        for (layer, found) in LAYERS.iter().zip(store.editions(&why)) {
            let is_right = found.is_some_and(|found| (oldest..=edition).contains(&found));
            assert!(
                is_right,
                "{why}: `{layer}` is of edition {found:?}, not {oldest} to {edition}"
            );
        }
    }
    store.calm("the last night");
    store.verify("the last night");
    let told = format!(
        "{nights} nights in {:.0} s, disturbed ones by exit code: {codes:?}\n",
        from.elapsed().as_secs_f64()
    );
    std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes()).unwrap();
}

/// A night with a fault of some kind: what it was, and the exit code; none where it was killed.
fn disturbed(store: &Nights, chance: &mut Chance) -> (String, Option<i32>) {
    let kind = chance.below(10);
    if kind == 0 {
        let wait = Duration::from_millis(chance.below(900) as u64);
        let mut child = store.spawn();
        thread::sleep(wait);
        let _ = child.kill();
        return (format!("killed after {wait:?}"), child.wait().unwrap().code());
    }
    let (name, fault) = fault(kind, chance.below(12));
    store.disturb(fault);
    let ended = store.folder.cikr(&["run", "pipeline.toml", "--quiet"]);
    store.disturb(None);
    (name.to_owned(), Some(ended.code))
}

/// What servers answer: from some request on, or every so often.
fn fault(kind: usize, at: usize) -> (&'static str, Option<Box<Fault>>) {
    let from = move |reply: fn(&Request) -> Reply| -> Option<Box<Fault>> {
        Some(Box::new(move |request| {
            (request.number % 13 == at + 1).then(|| reply(request))
        }))
    };
    match kind {
        1 => (
            "busy now and then",
            from(|_| Reply::status(503).header("Retry-After", "0")),
        ),
        2 => ("resets", from(|_| Reply::reset())),
        3 => ("a proxy's page", from(|_| Reply::html(200, "Sign in"))),
        4 => ("nothing", from(|_| Reply::bytes("text/csv", ""))),
        5 => ("gone", Some(Box::new(|_| Some(Reply::status(404))))),
        6 => (
            "cut off",
            from(|_| Reply::bytes("text/csv", "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,x,").cut(20)),
        ),
        7 => (
            "an error in a 200",
            from(|_| {
                Reply::bytes(
                    "application/json",
                    r#"{"error":{"code":500,"message":"Unable to complete operation."}}"#,
                )
            }),
        ),
        8 => (
            "one row",
            from(|_| {
                Reply::bytes(
                    "text/csv",
                    "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,x,48001,1,-95,35\n",
                )
            }),
        ),
        _ => ("no fault", None),
    }
}

/// Files below a folder.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { count(&path) } else { 1 })
        .sum()
}
