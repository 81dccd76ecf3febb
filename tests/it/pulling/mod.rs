//! The puller against a service on loopback that fails in every way on record: real HTTP client, real landing. Either
//! the pages that land are those of an undisturbed pull, byte for byte, or nothing is accepted.
//!
//! The hard cases on record, and the tests that fail when one is not handled, here or beside the code:
//!
//! | case | tests |
//! |---|---|
//! | 1 an error inside a 200, `details` null or absent | `errors_in_a_200_with_null_details_are_tried_again`, `errors_inside_a_200_are_told_whatever_their_details` |
//! | 2 HTML with 200 or 503, no User-Agent | `html_resets_cut_bodies_and_lies_about_length_are_tried_again`, `passing_trouble_is_asked_through` |
//! | 3 pages that fail once | `errors_inside_a_200_and_html_pass`, `retry_after_is_honoured` |
//! | 4 a page capped below the size asked for | `a_page_shorter_than_asked_for_is_not_the_last` |
//! | 5 pages in no stable order | `rows_in_another_order_each_time_are_put_in_one`, `pages_in_no_stable_order_lead_to_windows` |
//! | 6 `Pagination is not supported.`, advertised or not | `pages_that_are_refused_ignored_or_unordered_are_had_another_way` |
//! | 7 pagination that wants an order | `pages_that_are_refused_ignored_or_unordered_are_had_another_way` |
//! | 8 `resultOffset` ignored | `offsets_that_are_ignored_lead_to_windows`, `the_same_page_for_ever_is_not_accepted` |
//! | 9 `returnCountOnly` ignored | `recordings_land_or_are_refused`, `a_server_that_neither_counts_nor_lists_is_pulled_all_the_same` |
//! | 10 statistics renamed or refused | `statistics_by_other_names_or_refused_lead_to_windows_or_ids`, `recordings_land_or_are_refused` |
//! | 11 ids null, far apart, negative | `without_ids_too_it_is_pulled`, `ids_far_apart_take_no_thousand_windows` |
//! | 12 ids by ranges, not one by one | `statistics_by_other_names_or_refused_lead_to_windows_or_ids` |
//! | 13 time-outs and throttling | `retry_after_is_honoured`, `a_host_gets_so_many_requests_at_a_time`, `a_killed_fetch_goes_on_where_it_ended` |
//! | 14 a `where` that is refused, names in odd case | `where_clauses_that_are_refused_lead_to_lists_of_ids`, `conditions_use_the_name_as_it_is` |
//! | 15 a list of `outFields` that breaks paging | `every_field_is_asked_for_as_one_star` |
//! | 16 curves | `what_is_mended_is_counted`, `curves_are_never_asked_for` |
//! | 17 rings of several parts in one list | `holes_find_the_smallest_shell_around_them`, `holes_without_a_shell_become_shells` |
//! | 18 rings too short or open, NaN, `{}`, null | `rings_are_closed_and_those_too_short_left_out`, `a_bad_row_is_a_defect_and_the_next_one_is_read` |
//! | 19 `features` before `geometryType`, no `fields` | `members_stand_in_any_order_and_unknown_ones_do_not_matter`, `old_bare_and_terse_servers_are_pulled` |
//! | 20 dates in milliseconds, before 1970, in a zone | `values_are_text_and_dates_are_moments` |
//! | 21 DateOnly, TimeOnly, BigInteger, TimestampOffset | `values_are_text_and_dates_are_moments` |
//! | 22 coded values of any kind, codes outside them | `codes_keep_their_place_and_have_their_names_beside_them`, `recorded_answers_of_old_servers_are_read` |
//! | 23 `maxRecordCount` of 100,000 | `page_sizes_are_the_least_of_all_limits`, `an_advertised_limit_that_is_absurd_is_capped` |
//! | 24 the page size is the least of all limits | `page_sizes_are_the_least_of_all_limits` |
//! | 25 polygons too heavy for any page | `a_shape_too_heavy_for_any_page_is_generalised_and_told_of`, `a_geometry_too_heavy_for_the_server_is_generalised_and_noted` |
//! | 26 certificates that don't verify | `test_certificates_are_verified`, `test_the_opt_out_is_of_one_source_and_told_every_time` |
//! | 27 a token that expires meanwhile | `a_token_that_expires_is_renewed_and_the_page_asked_for_again`, `a_login_gives_a_token_that_is_renewed` |
//! | 28 `exceededTransferLimit` never said | `a_server_that_never_says_that_there_are_more_is_pulled_whole` |
//! | 29 service roots, groups, tables | `roots_groups_tables_and_map_servers` |
//! | 30 exports of a portal: pending, stale, failed, gone | `an_export_is_waited_for`, `an_export_that_is_stale_or_gone_leaves_the_last_good_one` |

mod ladder;
mod refused;
mod trouble;

use std::fs;
use std::path::Path;
use std::time::Duration;

use cikr::feature::{Landed, Progress, Task};
use cikr::fetch::Landing;
use cikr::fetch::arcgis::{ArcgisError, Asker, land};
use cikr::fetch::http::{Client, ClientSettings, Deadline};
use cikr::plan::{Access, ArcgisPlan, Credential, PageFormat, Secret};
use cikr::store::Store;
use serde_json::Value;
use tempfile::TempDir;

use crate::loopback::arcgis::{ArcGis, Layer, Quirks, Row, Rows, point};
use crate::loopback::{Reply, Request};
use crate::program::ROOT;

const PAGE_ROWS: u32 = 200;

/// A store of one's own, and how a layer is pulled to it.
struct Puller {
    dir: TempDir,
    plan: ArcgisPlan,
}

/// Shows nobody how far the work is.
pub(crate) struct Unseen;

impl Progress for Unseen {
    fn start(&self, _: &'static str, _: &str, _: Option<u64>) -> Box<dyn Task> {
        Box::new(Self)
    }
}

impl Task for Unseen {
    fn advance(&self, _: u64) {}
}

impl Puller {
    fn new(url: &str) -> Self {
        let access = Access {
            credential: Credential::None,
            timeout_s: 5,
            is_insecure: false,
            hidden: vec![],
        };
        let plan = ArcgisPlan {
            url: Secret::new(url),
            layer: None,
            filter: "1=1".to_owned(),
            page_rows: PAGE_ROWS,
            at_once: 3,
            pages: PageFormat::Json,
            max_bytes: 1 << 30,
            access,
        };
        Self {
            dir: tempfile::tempdir().unwrap(),
            plan,
        }
    }

    fn land(&self) -> Result<Landed, ArcgisError> {
        let store = Store::open(&self.dir.path().join("store")).unwrap();
        let settings = ClientSettings {
            pause: Duration::from_millis(4),
            longest_wait: Duration::from_secs(3),
            ..ClientSettings::default()
        };
        let client = Client::new(&settings).unwrap();
        let now = || "2026-01-01T00:00:00Z".to_owned();
        let until = Deadline::default();
        let landing = Landing {
            store: &store,
            id: "points",
            progress: &Unseen,
            now: &now,
            until,
        };
        land(&self.plan, &Asker::new(&client, &self.plan, until), &landing)
    }

    /// Pages as they landed, without the layer's info.
    #[track_caller]
    fn pages(&self) -> Vec<Value> {
        let landed = self.land().unwrap_or_else(|error| panic!("{}", chain(&error)));
        pages(&landed.path)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn pages(list: &Path) -> Vec<Value> {
    let text: Value = serde_json::from_slice(&fs::read(list).unwrap()).unwrap();
    let paths = text["pages"].as_array().unwrap().iter();
    let paths = paths.map(|page| list.with_file_name(page["path"].as_str().unwrap()));
    paths
        .map(|path| zstd::decode_all(fs::File::open(path).unwrap()).unwrap())
        .map(|page| serde_json::from_slice(&page).unwrap())
        .collect()
}

/// Rows of the pages in order.
fn rows(pages: &[Value]) -> Vec<Value> {
    pages
        .iter()
        .flat_map(|page| page["features"].as_array().unwrap().clone())
        .collect()
}

/// 1,000 rows, stored out of order, with gaps in the OIDs, a negative one and 31-bit ones.
fn layer() -> Layer {
    let oid = |at: usize| match at as i64 {
        0 => -4,
        at if at < 600 => at * 3,
        at => 1_781_375_299 + at * 7_919,
    };
    let mut rows: Vec<Row> = (0..1_000)
        .map(|at| Row {
            oid: oid(at),
            ..point(at)
        })
        .collect();
    rows.rotate_left(317);
    let mut layer = Layer::of(Rows::listed(rows));
    layer.quirks.page_cap = 400; // no answer holds them all
    layer
}

/// Pulls the layer with `turn`ed switches, and looks whether the pages are those of an undisturbed pull.
#[track_caller]
fn same(turn: impl FnOnce(&mut Quirks)) -> Vec<Request> {
    same_from(|service| {
        service.quirk(turn);
    })
}

#[track_caller]
fn same_from(disturb: impl FnOnce(&ArcGis)) -> Vec<Request> {
    let service = ArcGis::start(layer());
    let undisturbed = rows(&Puller::new(&service.url(0)).pages());
    assert_eq!(undisturbed.len(), 1_000);
    disturb(&service);
    service.server.forget();
    let disturbed = rows(&Puller::new(&service.url(0)).pages());
    assert!(
        disturbed == undisturbed,
        "{} rows, other than the undisturbed ones",
        disturbed.len()
    );
    service.server.requests()
}

/// A fault of every `nth` request for rows.
fn every(nth: usize, reply: Reply) -> impl FnOnce(&ArcGis) {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    move |service| {
        service.change(|service| {
            service.fault = Some(Box::new(move |request| {
                let hit = request.asks_for_rows()
                    && (seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1).is_multiple_of(nth);
                hit.then(|| reply.clone())
            }));
        });
    }
}

/// The index above names tests that are there, for every case.
#[test]
fn every_case_has_its_test() {
    let index: Vec<&str> = include_str!("mod.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .skip(1)
        .collect();
    let numbers: Vec<usize> = index
        .iter()
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    let code: String = ["src", "tests/it", "tests/interop"]
        .iter()
        .map(|folder| code(&Path::new(ROOT).join(folder)))
        .collect();
    for line in index {
        let tests: Vec<&str> = line
            .split(" | ")
            .nth(1)
            .unwrap()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        assert!(!tests.is_empty(), "{line}");
        let is_there = |test: &&&str| {
            code.contains(&format!("#[test]\nfn {test}()")) || code.contains(&format!("\ndef {test}("))
        };
        let unknown = tests.iter().find(|test| !is_there(test));
        assert_eq!(unknown, None, "{line}");
    }
}

/// Every file of code below a folder, without indentation.
fn code(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &code(&path);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "py") {
            text.extend(
                fs::read_to_string(&path)
                    .unwrap()
                    .lines()
                    .map(|line| format!("{}\n", line.trim_start())),
            );
        }
    }
    text
}
