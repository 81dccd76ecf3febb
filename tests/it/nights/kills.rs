//! Nights that are shot at any moment.

use std::thread;
use std::time::{Duration, Instant};

use super::Nights;
use crate::chance::Chance;

#[test]
fn a_night_that_is_shot_publishes_whole_layers_or_nothing() {
    shoot(8, 1);
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_five_hundred_kills_of_nights_over_http_and_arcgis() {
    shoot(500, 2);
}

/// Kills so many nights, up to five in a row before a calm one; each has another edition to fetch.
fn shoot(kills: u32, seed: u64) {
    let nights = Nights::new();
    let from = Instant::now();
    nights.calm("the first night");
    let whole = from.elapsed();
    let mut chance = Chance(seed);
    let (mut shot, mut published, mut edition) = (0, 0, 1);
    while shot < kills {
        edition += 1;
        nights.publish(edition);
        for _ in 0..=chance.below(5) {
            let wait = whole.mul_f64(chance.below(1_100) as f64 / 1_000.0);
            let why = format!("edition {edition}, shot after {wait:?}");
            published += u32::from(kill_after(&nights, wait));
            for (layer, found) in super::LAYERS.iter().zip(nights.editions(&why)) {
                let is_right = found.is_some_and(|found| found == edition || found == edition - 1);
                assert!(is_right, "{why}: `{layer}` is of edition {found:?}");
            }
            shot += 1;
        }
        nights.calm(&format!("edition {edition}, after {shot} kills"));
    }
    nights.verify("after all kills");
    let told =
        format!("{shot} nights shot, {published} of them at or after their end; no layer lost or mixed\n");
    std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes()).unwrap();
}

/// Kills a night; tells whether it had ended.
fn kill_after(nights: &Nights, wait: Duration) -> bool {
    let mut child = nights.spawn();
    thread::sleep(wait);
    let has_ended = child.try_wait().unwrap().is_some();
    let _ = child.kill();
    child.wait().unwrap();
    has_ended
}
