//! Which releases stay and which go: the rule alone, without a disk.
//!
//! Pure. Times are RFC 3339.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::feature::release::ReleaseId;

/// A release stays for so long after it has ceased to be the latest: who had its address a moment ago still reads it.
const GRACE: TimeDelta = TimeDelta::days(1);

/// How many releases stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many of those in which something has changed; at least one.
    pub changed: usize,
    /// Those that were the latest within so many days.
    pub days: Option<u32>,
}

/// What the rule looks at of a release.
#[derive(Debug, Clone)]
pub(super) struct KeptRelease {
    pub(super) id: ReleaseId,
    /// Whether its data are others than those of the release before it.
    pub(super) has_changed: bool,
    /// When it ceased to be the latest, or was published where it never was.
    pub(super) ceased: String,
    /// Whether it is the latest, pinned or frozen, or just made.
    pub(super) is_needed: bool,
}

/// Releases that go, of all (the newest first).
pub(super) fn releases_to_prune(releases: &[KeptRelease], keep: Keep, now: &str) -> BTreeSet<ReleaseId> {
    let mut changed = 0;
    let mut doomed = BTreeSet::new();
    for release in releases {
        // Nights on which nothing has changed don't count: else a quiet week would push out all that came before.
        changed += usize::from(release.has_changed);
        let is_counted = release.has_changed && changed <= keep.changed.max(1);
        if !is_counted && !release.is_needed && !is_recent(&release.ceased, keep.days, now) {
            doomed.insert(release.id.clone());
        }
    }
    doomed
}

/// Whether a release was the latest within the days that it stays; one whose time can't be read counts as such.
fn is_recent(ceased: &str, days: Option<u32>, now: &str) -> bool {
    let stays = days.map_or(GRACE, |days| TimeDelta::days(i64::from(days)).max(GRACE));
    let [ceased, now] = [ceased, now].map(parse_time);
    ceased.zip(now).is_none_or(|(ceased, now)| now - ceased < stays)
}

fn parse_time(time: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(time).ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-31T03:00:00Z";

    /// A release that ceased to be the latest on a day of January.
    fn release(name: &str, day: u32, has_changed: bool) -> KeptRelease {
        KeptRelease {
            id: ReleaseId::parse(name).unwrap(),
            has_changed,
            ceased: format!("2026-01-{day:02}T03:00:00Z"),
            is_needed: false,
        }
    }

    fn doomed(releases: &[KeptRelease], changed: usize, days: Option<u32>) -> Vec<String> {
        let gone = releases_to_prune(releases, Keep { changed, days }, NOW);
        gone.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn quiet_nights_push_nothing_out() {
        let quiet = ["q4", "q3", "q2", "q1"].map(|name| release(name, 20, false));
        let releases = [
            &quiet[..],
            &[
                release("c", 16, true),
                release("b", 5, true),
                release("a", 2, true),
            ],
        ]
        .concat();
        assert_eq!(doomed(&releases, 2, None), ["a", "q1", "q2", "q3", "q4"]);
    }

    #[test]
    fn a_release_stays_for_a_day_after_it_was_the_latest() {
        let mut releases = [
            release("c", 31, true),
            release("b", 30, true),
            release("a", 29, true),
        ];
        assert_eq!(doomed(&releases, 1, None), ["a", "b"]);
        releases[1].ceased = "2026-01-30T03:00:01Z".to_owned();
        assert_eq!(doomed(&releases, 1, None), ["a"], "a second less than a day");
        releases[2].ceased = "some time".to_owned();
        assert!(
            doomed(&releases, 1, None).is_empty(),
            "whose age nobody knows stays"
        );
    }

    #[test]
    fn days_keep_what_the_number_would_not() {
        let releases = [
            release("c", 31, true),
            release("b", 22, false),
            release("a", 20, true),
        ];
        assert_eq!(doomed(&releases, 1, Some(10)), ["a"]);
        assert_eq!(doomed(&releases, 1, Some(0)), ["a", "b"], "a day at least");
    }

    #[test]
    fn what_is_needed_stays_and_counts_where_it_has_changed() {
        let mut releases = [
            release("c", 31, true),
            release("b", 3, true),
            release("a", 2, true),
        ];
        releases[2].is_needed = true;
        assert_eq!(doomed(&releases, 1, None), ["b"]);
    }
}
