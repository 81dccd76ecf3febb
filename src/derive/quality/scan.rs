//! A tile looked at once: everything the quality tables count, by row.
//!
//! Pure. Counts of pieces and tiles add up, in any order.

use std::collections::{BTreeMap, HashMap};

use arrow_array::{Array, BooleanArray, Date32Array, RecordBatch};
use serde::{Deserialize, Serialize};

use crate::derive::product::Seen;
use crate::feature::{ClaimKind, CountyClaim, FacilityRows, LocationMethod, RegionId, Texts, entries};

/// Columns that are looked at; the last two to find rows that repeat another's name and box.
pub(super) const READS: [&str; 15] = [
    "facility_id",
    "sector_code",
    "state_code",
    "county_fips",
    "state_code_claimed",
    "county_fips_claimed",
    "county_name",
    "county_name_claimed",
    "is_state_mismatch",
    "is_county_mismatch",
    "county_claim",
    "location_method",
    "source_date",
    "name",
    "bbox",
];

/// How many of them are for something else than such twins.
pub(super) const BUT_TWINS: usize = 13;

/// Rows of a state and sector.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Cell {
    pub(super) rows: u64,
    /// By [`LocationMethod::index`].
    methods: [u64; LocationMethod::ALL.len()],
    /// With a claim that could be checked.
    pub(super) claimed: u64,
    /// Of these, with no claim that disagrees.
    pub(super) agreeing: u64,
    /// By source date.
    pub(super) days: Days,
    /// With a source date; known once the counting has ended.
    #[serde(skip)]
    pub(super) dated: u64,
    /// Of these, with a current one; known once the counting has ended.
    #[serde(skip)]
    pub(super) current: u64,
}

/// Rows with one disagreement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ClaimCount {
    pub(super) rows: u64,
    /// The lowest id.
    pub(super) example: String,
}

/// Kind, claimed code, computed code.
pub(super) type PairKey = (ClaimKind, String, Option<String>);

/// What a tile, or a layer's tiles together, count.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Scan {
    pub(super) rows: u64,
    /// By state (`unassigned` outside every one) and sector.
    #[serde(with = "entries")]
    pub(super) cells: BTreeMap<(String, Option<String>), Cell>,
    #[serde(with = "entries")]
    pub(super) pairs: BTreeMap<PairKey, ClaimCount>,
    /// Rows with a checkable claim and rows that agree, per kind.
    #[serde(with = "entries")]
    pub(super) claims: BTreeMap<ClaimKind, (u64, u64)>,
    /// Of the rows whose county agrees, those that claim it by a code or name of another vintage.
    pub(super) succeeded: u64,
    /// Rows by source date, days since 1970; known once the counting has ended.
    #[serde(skip)]
    pub(super) days: BTreeMap<i32, u64>,
    /// Nulls of every column but geometry and covering, in column order.
    pub(super) nulls: Vec<(String, u64)>,
    /// Rows that repeat another's name and box; known once all rows are counted.
    #[serde(skip)]
    pub(super) suspected_duplicates: u64,
}

impl Scan {
    /// Adds another tile's counts.
    pub(super) fn add_scan(&mut self, other: Self) {
        self.rows += other.rows;
        for (key, cell) in other.cells {
            self.cells.entry(key).or_default().add_cell(&cell);
        }
        for (key, pair) in other.pairs {
            let all = self.pairs.entry(key).or_insert_with(|| ClaimCount {
                rows: 0,
                example: pair.example.clone(),
            });
            all.rows += pair.rows;
            // The lowest of all, since pieces of tiles come in any order.
            all.example = pair.example.min(std::mem::take(&mut all.example));
        }
        for (kind, (claimed, agreeing)) in other.claims {
            let all = self.claims.entry(kind).or_default();
            *all = (all.0 + claimed, all.1 + agreeing);
        }
        self.succeeded += other.succeeded;
        for (name, nulls) in other.nulls {
            // A list, not a map: it keeps the order of the columns, and there are some dozens of them.
            match self.nulls.iter_mut().find(|(known, _)| *known == name) {
                Some((_, total)) => *total += nulls,
                None => self.nulls.push((name, nulls)),
            }
        }
    }

    /// Ends the counting: what is current is known on the day. `current` are the first and last day, since 1970, of a date
    /// that is.
    pub(super) fn finish_counting(&mut self, current: (i32, i32)) {
        for cell in self.cells.values_mut() {
            for (day, rows) in cell.days.counts() {
                cell.dated += rows;
                if (current.0..=current.1).contains(day) {
                    cell.current += rows;
                }
                *self.days.entry(*day).or_default() += rows;
            }
        }
    }

    /// Rows whose claim of this kind could be checked, and those that agree.
    pub(super) fn claims_of(&self, kind: ClaimKind) -> (u64, u64) {
        self.claims.get(&kind).copied().unwrap_or_default()
    }

    /// Rows with a source date.
    pub(super) fn dated(&self) -> u64 {
        self.days.values().sum()
    }

    /// Rows of every state.
    pub(super) fn rows_by_state(&self) -> BTreeMap<&str, u64> {
        let mut states = BTreeMap::new();
        for ((state, _), cell) in &self.cells {
            *states.entry(state.as_str()).or_default() += cell.rows;
        }
        states
    }
}

impl Cell {
    /// Adds the counts of another.
    pub(super) fn add_cell(&mut self, other: &Self) {
        self.rows += other.rows;
        self.claimed += other.claimed;
        self.agreeing += other.agreeing;
        self.days.extend(other.days.0.iter().copied());
        for (all, more) in self.methods.iter_mut().zip(other.methods) {
            *all += more;
        }
    }

    /// Rows that were located in a way.
    pub(super) fn rows_located(&self, method: LocationMethod) -> u64 {
        self.methods[method.index()]
    }
}

/// Rows by day, since 1970: counts that are added up now and then, not with every row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Days(Vec<(i32, u64)>);

impl Days {
    /// Counts to add beyond which it is worth while to add them up.
    const MANY: usize = 1_024;

    fn extend(&mut self, counts: impl IntoIterator<Item = (i32, u64)>) {
        // Once the list has filled its memory, before it would grow: to sort it with every piece of a tile would cost
        // more than the counting.
        let before = self.0.len();
        self.0.extend(counts);
        if self.0.len() >= self.0.capacity().max(Self::MANY) || before == 0 {
            self.add_up();
        }
    }

    /// Every day and its rows, by day.
    fn counts(&mut self) -> &[(i32, u64)] {
        self.add_up();
        &self.0
    }

    fn add_up(&mut self) {
        self.0.sort_unstable_by_key(|(day, _)| *day);
        self.0.dedup_by(|more, (day, rows)| {
            let is_same = more.0 == *day;
            *rows += if is_same { more.1 } else { 0 };
            is_same
        });
    }
}

/// Counts the rows of a tile, or of a piece of one.
pub(super) fn scan_rows(seen: &Seen<'_>) -> Scan {
    let mut scan = Scan {
        rows: seen.rows.num_rows() as u64,
        ..Scan::default()
    };
    Columns::find_in(seen.rows).count_rows(&mut scan);
    // Of a tile read back only some columns are here; of the others the footer has told.
    scan.nulls = seen
        .nulls
        .map_or_else(|| count_nulls(seen.rows.as_batch()), <[_]>::to_vec);
    scan
}

/// The columns counted row by row; one that a carried tile lacks is null throughout.
struct Columns<'a> {
    rows: usize,
    id: Option<Texts<'a>>,
    state: Option<Texts<'a>>,
    sector: Option<Texts<'a>>,
    county: Option<Texts<'a>>,
    state_claimed: Option<Texts<'a>>,
    county_claimed: Option<Texts<'a>>,
    county_name: Option<Texts<'a>>,
    county_name_claimed: Option<Texts<'a>>,
    state_mismatch: Option<&'a BooleanArray>,
    county_mismatch: Option<&'a BooleanArray>,
    county_claim: Option<Texts<'a>>,
    method: Option<Texts<'a>>,
    date: Option<&'a Date32Array>,
}

impl<'a> Columns<'a> {
    fn find_in(rows: &'a FacilityRows) -> Self {
        Self {
            rows: rows.num_rows(),
            id: rows.ids(),
            state: rows.states(),
            sector: rows.texts("sector_code"),
            county: rows.texts("county_fips"),
            state_claimed: rows.texts("state_code_claimed"),
            county_claimed: rows.texts("county_fips_claimed"),
            county_name: rows.texts("county_name"),
            county_name_claimed: rows.texts("county_name_claimed"),
            state_mismatch: rows.booleans("is_state_mismatch"),
            county_mismatch: rows.booleans("is_county_mismatch"),
            county_claim: rows.texts("county_claim"),
            method: rows.texts("location_method"),
            date: rows.dates("source_date"),
        }
    }

    fn count_rows(&self, scan: &mut Scan) {
        // Keyed by borrowed codes, so that no row costs a copy; the order is settled at the end.
        let mut cells: HashMap<(Option<&str>, Option<&str>), Cell> = HashMap::new();
        for row in 0..self.rows {
            let cell = cells
                .entry((text_at(self.state, row), text_at(self.sector, row)))
                .or_default();
            cell.rows += 1;
            if let Some(method) = text_at(self.method, row).and_then(LocationMethod::of_code) {
                cell.methods[method.index()] += 1;
            }
            if let Some(day) = self
                .date
                .filter(|days| days.is_valid(row))
                .map(|days| days.value(row))
            {
                cell.days.0.push((day, 1));
            }
            if text_at(self.county_claim, row) == Some(CountyClaim::AgreesBySuccession.code()) {
                scan.succeeded += 1;
            }
            // Both are noted before either is judged: a row with two wrong claims is one row, and two disagreements.
            let verdicts = self
                .claim_verdicts(row)
                .map(|verdict| verdict.map(|agrees| self.note_claim(scan, row, agrees)));
            if verdicts.iter().any(Option::is_some) {
                cell.claimed += 1;
                cell.agreeing += u64::from(verdicts.into_iter().flatten().all(|agrees| agrees));
            }
        }
        for ((state, sector), mut cell) in cells {
            cell.days.add_up();
            let state = state.unwrap_or(RegionId::UNASSIGNED).to_owned();
            scan.cells.insert((state, sector.map(str::to_owned)), cell);
        }
    }

    /// Whether the row's claims of state and county agree; none where nothing is claimed or could be compared.
    fn claim_verdicts(&self, row: usize) -> [Option<(ClaimKind, bool)>; 2] {
        let state = bool_at(self.state_mismatch, row);
        let county = bool_at(self.county_mismatch, row);
        [
            state.map(|differs| (ClaimKind::State, !differs)),
            county.map(|differs| (ClaimKind::County, !differs)),
        ]
    }

    /// The columns that a mismatch of counties is told by: codes, and names where the codes agree or none is claimed.
    fn county_pair(&self, row: usize) -> (Option<Texts<'a>>, Option<Texts<'a>>) {
        let claimed = text_at(self.county_claimed, row);
        if claimed.is_some() && claimed != text_at(self.county, row) {
            return (self.county_claimed, self.county);
        }
        (self.county_name_claimed, self.county_name)
    }

    /// Counts one claim; tells whether it agrees.
    fn note_claim(&self, scan: &mut Scan, row: usize, (kind, agrees): (ClaimKind, bool)) -> bool {
        let total = scan.claims.entry(kind).or_default();
        *total = (total.0 + 1, total.1 + u64::from(agrees));
        if !agrees {
            let (claimed, computed) = match kind {
                ClaimKind::State => (self.state_claimed, self.state),
                ClaimKind::County => self.county_pair(row),
            };
            let claimed = text_at(claimed, row).unwrap_or_default().to_owned();
            let key = (kind, claimed, text_at(computed, row).map(str::to_owned));
            let id = text_at(self.id, row).unwrap_or_default();
            let pair = scan.pairs.entry(key).or_insert_with(|| ClaimCount {
                rows: 0,
                example: id.to_owned(),
            });
            pair.rows += 1;
            if id < pair.example.as_str() {
                id.clone_into(&mut pair.example);
            }
        }
        agrees
    }
}

fn text_at(column: Option<Texts<'_>>, row: usize) -> Option<&str> {
    column?.value(row)
}

fn bool_at(column: Option<&BooleanArray>, row: usize) -> Option<bool> {
    column
        .filter(|known| known.is_valid(row))
        .map(|known| known.value(row))
}

/// Nulls of every column but geometry and covering, in column order.
fn count_nulls(rows: &RecordBatch) -> Vec<(String, u64)> {
    let schema = rows.schema_ref();
    let columns = schema.fields().iter().zip(rows.columns());
    let counted = columns.filter(|(field, _)| !matches!(field.name().as_str(), "geometry" | "bbox"));
    // A dictionary's values may be null, too.
    counted
        .map(|(field, column)| (field.name().clone(), column.logical_null_count() as u64))
        .collect()
}
