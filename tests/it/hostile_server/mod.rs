//! Servers that lie, break off, repeat themselves or never end, as a table: of each either exactly the true rows are
//! published, or the layer fails and says why, within a bound of requests and of time.
//!
//! One server plays them all, each below a path of its own, in one run of the library with short pauses.

mod files;
mod lines;
mod rows;
mod services;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cikr::feature::{LayerReport, LayerStatus};
use cikr::fetch::http::ClientSettings;
use cikr::plan::{Overrides, Variables};
use cikr::run;
use cikr::store::Store;

use crate::loopback::{Reply, Request, Server};
use crate::program::{Folder, by_id, latest};
use crate::pulling::Unseen;

/// What a server answers to its `n`th request.
type Answer = Box<dyn Fn(&Request, usize) -> Reply + Send + Sync>;

/// A server.
struct Case {
    name: String,
    answer: Answer,
    /// Keys of its source in the pipeline, the URL as `{url}`.
    source: String,
}

/// Requests that a source may take to be given up.
const MOST_REQUESTS: usize = 400;

/// Time that a source may take.
const LONGEST: Duration = Duration::from_secs(45);

#[test]
fn files_of_servers_that_lie() {
    let count = trial(files::cases().into_iter().chain(lines::cases()).collect());
    assert!(count >= 90, "{count} cases");
}

#[test]
fn layers_of_services_that_lie() {
    let count = trial(services::cases().into_iter().chain(rows::cases()).collect());
    assert!(count >= 90, "{count} cases");
}

#[expect(clippy::print_stdout, reason = "the counts of the trial")]
/// Lands and publishes every case beside one that is honest; tells what got through.
fn trial(cases: Vec<Case>) -> usize {
    let count = cases.len();
    let folder = Folder::new();
    let names: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
    let asked: Arc<Vec<AtomicUsize>> = Arc::new(cases.iter().map(|_| AtomicUsize::new(0)).collect());
    let sources: Vec<String> = cases.iter().map(|case| case.source.clone()).collect();
    let answers: Vec<Answer> = cases.into_iter().map(|case| case.answer).collect();
    let counted = Arc::clone(&asked);
    let server = Server::start(move |request| {
        let number = number(request);
        answers[number](request, counted[number].fetch_add(1, Ordering::SeqCst) + 1)
    });
    let layer = |number: usize, source: &String| {
        let url = server.url(&format!("/c/{number}"));
        let source = source.replace("{url}", &url);
        format!("\n[[layer]]\nid = \"c{number}\"\nschema = \"points\"\ninventory = false\nsource.{source}\n")
    };
    let layers: String = sources
        .iter()
        .enumerate()
        .map(|(number, source)| layer(number, source))
        .collect();
    folder
        .schema("points", "point", "")
        .pipeline(&format!("{layers}\n[limits]\nfetch = \"30 s\"\n"));
    let began = Instant::now();
    let reports = ran(&folder);
    let seconds = began.elapsed().as_secs_f64();
    let truth = published(&folder, "c0");
    assert_eq!(
        (names[0].as_str(), truth.len()),
        ("honest", reports[0].rows_read as usize)
    );
    let mut wrong = Vec::new();
    let (mut whole, mut most) = (0, 0);
    for (number, (name, report)) in names.iter().zip(&reports).enumerate() {
        let times: Vec<_> = server
            .requests()
            .into_iter()
            .filter(|request| self::number(request) == number)
            .map(|r| r.at)
            .collect();
        // Waits for its turn, and until all others are done and it is tried again, are no work on it.
        let gaps = times
            .windows(2)
            .map(|two| two[1].duration_since(two[0]).unwrap_or_default());
        let lasted: Duration = gaps.map(|gap| gap.min(Duration::from_secs(2))).sum();
        most = most.max(times.len());
        if times.len() > MOST_REQUESTS || lasted > LONGEST {
            wrong.push(format!("{name}: {} requests in {lasted:?}", times.len()));
        }
        whole += usize::from(report.status() == LayerStatus::Published);
        wrong.extend(mistake(&folder, &truth, report).map(|what| format!("{name}: {what}")));
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} got through:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!(
        "{count} servers in {seconds:.0} s: {whole} published whole, {} refused, 0 wrongly accepted; {most} requests at most",
        count - whole
    );
    count
}

fn number(request: &Request) -> usize {
    request
        .path
        .split('/')
        .nth(2)
        .and_then(|number| number.parse().ok())
        .unwrap()
}

fn ran(folder: &Folder) -> Vec<LayerReport> {
    let variables = Variables(|name| Some(format!("value of {name}")));
    let overrides = Overrides {
        variables,
        ..Overrides::default()
    };
    let plan = cikr::plan::load(&folder.path().join("pipeline.toml"), &overrides)
        .unwrap()
        .0;
    let store = Store::open(&plan.store).unwrap();
    let settings = ClientSettings {
        attempts: 4,
        pause: Duration::from_millis(2),
        longest_wait: Duration::from_millis(300),
        per_host: 64,
        ..ClientSettings::default()
    };
    let id = run::release_id();
    run::run(&plan, &store, &id, run::Mode::default(), &settings, &Unseen)
        .unwrap()
        .report
        .layers
}

/// Names by facility, as published.
fn published(folder: &Folder, layer: &str) -> BTreeMap<String, Option<String>> {
    let collection = latest(&folder.path().join("store")).join("layers").join(layer);
    if Path::new(&collection).join("data").is_dir() {
        by_id(&collection, "name")
    } else {
        BTreeMap::new()
    }
}

/// What is wrong with what became of a server's rows.
fn mistake(
    folder: &Folder,
    truth: &BTreeMap<String, Option<String>>,
    report: &LayerReport,
) -> Option<String> {
    let short = |id: &String| id.rsplit(':').next().unwrap_or(id).to_owned();
    let bare = |rows: &BTreeMap<String, Option<String>>| -> BTreeMap<String, Option<String>> {
        rows.iter().map(|(id, name)| (short(id), name.clone())).collect()
    };
    if report.status() != LayerStatus::Published {
        let reason = report.reason().unwrap_or_default();
        return (reason.len() < 10 || reason.contains("panicked")).then(|| format!("fails with `{reason}`"));
    }
    let (rows, truth) = (bare(&published(folder, report.id.as_str())), bare(truth));
    let is_true = rows.iter().all(|(id, name)| truth.get(id) == Some(name));
    let told = rows.len() as u64 + report.rows_rejected;
    (!is_true || told != truth.len() as u64).then(|| {
        format!(
            "{} of {} rows, {} rejected",
            rows.len(),
            truth.len(),
            report.rows_rejected
        )
    })
}
