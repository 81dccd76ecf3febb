//! Which county of another vintage a computed one was, or came to be.
//!
//! Pure. A claim may be older than the boundaries (Shannon County in Oglala Lakota's polygon) or newer (Kusilvak in Wade
//! Hampton's). Codes are followed forwards in time alone or backwards alone: two parts of a county that was split have one
//! ancestor, and are no more each other than before.

use crate::plan::{CountySuccession, SuccessionKind};

/// Year from which a claim of a county that lives on is taken for older than a county made of a part of it: that of FIPS PUB
/// 6-4, whose codes facilities are published under. Somebody who claims Prince William for Manassas, a city of its own since
/// 1975, has not kept a code since, but mistaken the county.
const FIRST_YEAR_OF_KEPT_CODES: &str = "1990";

/// The successions of the reference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Successions<'a>(pub(super) &'a [CountySuccession]);

impl<'a> Successions<'a> {
    /// Whether a claimed code stands for the computed one under another vintage; `is_in_set` tells whether the boundaries have a
    /// polygon of the claimed code.
    pub(super) fn connect(self, claimed: &str, computed: &str, is_in_set: bool) -> bool {
        if is_in_set {
            // The claim may well be of the boundaries' own vintage, under which it is another county; but not where the
            // boundaries have a county that was made of a part of the claimed one.
            return self.0.iter().any(|row| {
                row.kind == SuccessionKind::CreatedFrom
                    && row.effective_date.as_str() >= FIRST_YEAR_OF_KEPT_CODES
                    && row.from_fips == claimed
                    && row.to_fips == computed
            });
        }
        self.lead(claimed, computed, "") || self.lead(computed, claimed, "")
    }

    /// Codes and names of counties of another vintage that [`connect`](Self::connect) finds the computed one to be.
    pub(super) fn names_of(
        self,
        computed: &str,
        is_in_set: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let before_and_after = self.0.iter().flat_map(|row| {
            [
                (row.from_fips.as_str(), row.from_name.as_str()),
                (row.to_fips.as_str(), row.to_name.as_str()),
            ]
        });
        before_and_after
            .filter(move |(code, _)| *code != computed && self.connect(code, computed, is_in_set(code)))
    }

    /// Whether one code leads to another by steps each later than the one before, the first later than `after`.
    ///
    /// Codes are given out anew (02195 was a census area before it was a borough): a chain that went back in time would join
    /// what never was one.
    fn lead(self, from: &str, to: &str, after: &str) -> bool {
        self.0.iter().any(|row| {
            row.from_fips == from
                && row.effective_date.as_str() > after
                // Land that changed hands between two counties that live on is seldom where a facility lies.
                && row.kind != SuccessionKind::Boundary
                && (row.to_fips == to || self.lead(&row.to_fips, to, &row.effective_date))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Vec<CountySuccession> {
        let tables = crate::plan::reference_tables("schemas/reference".as_ref());
        tables.unwrap().county_successions
    }

    /// Whether `claimed` is understood where `computed` was, the set having the claimed code or not.
    fn is_understood(claimed: &str, computed: &str, is_in_set: bool) -> bool {
        Successions(&shipped()).connect(claimed, computed, is_in_set)
    }

    #[test]
    fn a_retired_code_leads_to_all_that_came_of_it() {
        for (claimed, computed) in [
            ("46113", "46102"),
            ("02270", "02158"),
            ("51515", "51019"),
            ("12025", "12086"),
            ("29193", "29186"),
            ("02261", "02063"),
            ("02261", "02066"),
            ("30113", "30067"),
            ("09001", "09140"),
            // Through a code that came and went.
            ("02231", "02105"),
            ("02231", "02230"),
        ] {
            assert!(is_understood(claimed, computed, false), "{claimed} {computed}");
        }
    }

    #[test]
    fn a_newer_code_leads_back() {
        for (claimed, computed) in [
            ("46102", "46113"),
            ("02063", "02261"),
            ("09190", "09001"),
            ("02105", "02231"),
            ("08014", "08123"),
            ("51683", "51153"),
        ] {
            assert!(is_understood(claimed, computed, false), "{claimed} {computed}");
        }
    }

    #[test]
    fn siblings_and_counties_that_share_a_successor_are_others() {
        for (claimed, computed) in [
            ("02063", "02066"),
            ("02230", "02105"),
            ("09120", "09190"),
            ("09001", "09003"),
            ("08001", "08013"),
            ("46113", "46071"),
            ("48001", "48003"),
        ] {
            assert!(!is_understood(claimed, computed, false), "{claimed} {computed}");
        }
    }

    /// A set that has the claimed code may be of the claim's own vintage.
    #[test]
    fn a_code_that_the_set_has_is_taken_at_its_word() {
        for (claimed, computed, expected) in [
            // Broomfield was a part of Boulder until 2001; what claims Broomfield lies in it or is wrong.
            ("08013", "08014", true),
            ("08014", "08013", false),
            ("02290", "02068", true),
            // The set is of before the merger: there are two Bedfords in it.
            ("51515", "51019", false),
            ("51019", "51515", false),
            // Cities of their own since 1975.
            ("51153", "51683", false),
            ("51199", "51735", false),
            // Land that changed hands.
            ("51059", "51600", false),
        ] {
            assert_eq!(
                is_understood(claimed, computed, true),
                expected,
                "{claimed} {computed}"
            );
        }
    }

    #[test]
    fn a_chain_goes_one_way_in_time() {
        let step = |from: &str, to: &str, date: &str| CountySuccession {
            from_fips: from.to_owned(),
            from_name: format!("county {from}"),
            to_fips: to.to_owned(),
            to_name: format!("county {to}"),
            effective_date: date.to_owned(),
            kind: SuccessionKind::Merged,
            source: "test".to_owned(),
        };
        // C was given out twice: what A became in 2000 is not what C had become in 1980.
        let rows = [
            step("A", "B", "1990-05-01"),
            step("B", "C", "2000"),
            step("C", "D", "1980-01-01"),
            step("C", "E", "2010-01-01"),
            step("E", "A", "2020-01-01"),
        ];
        let successions = Successions(&rows);
        assert!(successions.connect("A", "C", false) && successions.connect("A", "E", false));
        assert!(!successions.connect("A", "D", false));
        let mut names: Vec<&str> = successions
            .names_of("E", |code| code == "B")
            .map(|(_, name)| name)
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, ["county A", "county C"]);
    }
}
