//! What can be wrong with a source as a whole, and the way out.
//!
//! A row that can't be used is no error: it becomes a `Defect` of its batch. Messages name the
//! source as the pipeline shows it, never the path it was landed under.

use std::io;

/// Why a source can't be read. Every text says where and, where a person can act, what to do.
///
/// ```
/// use cikr::source::SourceError;
///
/// let error = SourceError::NoSuchLayer {
///     shown: "in/sites.gpkg".into(),
///     layer: "hospital".into(),
///     suggestion: Some("hospitals".into()),
///     layers: vec!["hospitals".into(), "clinics".into()],
/// };
/// assert_eq!(
///     error.to_string(),
///     "in/sites.gpkg has no layer `hospital`, did you mean `hospitals`?; it has `hospitals`, `clinics`"
/// );
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the variants are documented; their fields are what the messages show"
)]
pub enum SourceError {
    /// The file can't be opened.
    #[error("cannot open {shown}")]
    Open { shown: String, source: io::Error },
    /// The file can't be read on.
    #[error("cannot read {shown} after row {row}")]
    Read {
        shown: String,
        row: u64,
        source: io::Error,
    },
    /// The process that was to read it can't be started.
    #[error("cannot start a process to read {shown}; `limits.isolate = false` reads it without one")]
    Start { shown: String, source: io::Error },
    /// What the process that reads it says, causes and all.
    #[error("{message}")]
    Reported { message: String },
    /// The process that reads it took more memory than it may.
    #[error(
        "reading {shown} takes more than the {mib} MiB that a reader may take; look into the file, or raise `--memory`, of which it is a quarter"
    )]
    OutOfMemory { shown: String, mib: u64 },
    /// The process that reads it crashed.
    #[error(
        "the process that read {shown} died ({status}): the file breaks its reader; look into it, and fetch it again"
    )]
    Crashed { shown: String, status: String },
    /// The process that reads it says nothing any more.
    #[error(
        "reading {shown} came to a stop: nothing for {seconds} s; look into the file (a view that never ends?)"
    )]
    Silent { shown: String, seconds: u64 },
    /// Reading it takes longer than is allowed.
    #[error("reading {shown} takes longer than `limits.read` allows; look into the file, or raise that")]
    TooSlow { shown: String },
    /// Nothing in the file.
    #[error("{shown} is empty: fetch it again, or point the pipeline at the right file")]
    Empty { shown: String },
    /// The content is of another kind than the pipeline says.
    #[error(
        "{shown} should be {expected} but looks like {found}: look into it, then fix the download or the pipeline's `source`"
    )]
    Unexpected {
        shown: String,
        expected: &'static str,
        found: &'static str,
    },
    /// A column the pipeline names is not there.
    #[error(
        "{shown} has no column `{column}`{}; it has {}{}",
        did_you_mean(suggestion.as_ref()),
        quoted_list(found),
        separator_hint(*delimiter)
    )]
    MissingColumn {
        shown: String,
        column: String,
        suggestion: Option<String>,
        found: Vec<String>,
        delimiter: Option<char>,
    },
    /// More columns than a facility layer can have.
    #[error("{shown} has more than {limit} columns at row {row}: is this one layer?")]
    TooManyColumns { shown: String, row: u64, limit: usize },
    /// A record over the limit, after which the next one can't be found.
    #[error(
        "{shown}, row {row}: the record is longer than {limit} bytes; repair it (an unclosed quote?) or raise `limits.record`"
    )]
    RecordTooLong { shown: String, row: u64, limit: usize },
    /// A quoted field runs to the end of the file and may have swallowed rows.
    #[error(
        "{shown}, row {row}: a quoted field that begins in this record is never closed, so every row after it is lost; repair the file"
    )]
    UnclosedQuote { shown: String, row: u64 },
    /// JSON that breaks off.
    #[error("{shown} ends within feature {}: the last whole feature is number {row}; the file is cut off, fetch it again", row + 1)]
    Truncated { shown: String, row: u64 },
    /// JSON that breaks off outside the features.
    #[error("{shown} is cut off {place}: fetch it again")]
    CutOff { shown: String, place: &'static str },
    /// JSON so broken that the next feature can't be found.
    #[error("{shown}, feature {row}: {reason}; the JSON can't be read beyond it, repair the file")]
    BrokenJson { shown: String, row: u64, reason: String },
    /// JSON of another kind.
    #[error(
        "{shown} is no GeoJSON FeatureCollection: no top-level `features` array, members: {}",
        quoted_list(found)
    )]
    NoFeatures { shown: String, found: Vec<String> },
    /// Features that are not all.
    #[error(
        "{shown} is a part by its own word: {reason}; fetch all of it: `source.arcgis` does so with a layer of ArcGIS, of another service ask for every page and make one file of them"
    )]
    Partial { shown: String, reason: String },
    /// Nobody says which CRS the coordinates are in.
    #[error(
        "{shown} doesn't say its CRS{} and neither does the pipeline nor the schema: add `crs = \"EPSG:…\"` to the pipeline's source once you know it",
        unclear.as_ref().map(|text| format!(" (`{text}` is not enough)")).unwrap_or_default()
    )]
    NoCrs { shown: String, unclear: Option<String> },
    /// File and pipeline contradict each other.
    #[error(
        "{shown} says its CRS is {file} but the pipeline says {pipeline}: remove the pipeline's `crs`, or repair the file"
    )]
    CrsConflict {
        shown: String,
        file: String,
        pipeline: String,
    },
    /// A `crs` member of a form nobody can use.
    #[error(
        "{shown}: cannot use its `crs` member {value}: name an authority code such as \"EPSG:3857\" in the file"
    )]
    CrsMember { shown: String, value: String },
    /// A source's CRS that can't be used.
    #[error("{shown}: its CRS is of no use")]
    UselessCrs { shown: String, source: Box<SourceError> },
    /// A CRS that PROJ doesn't know or can't transform.
    #[error("cannot bring {crs} to OGC:CRS84: {reason}; check the authority code")]
    UnknownCrs { crs: String, reason: String },
    /// A broken archive.
    #[error("cannot read the archive {shown}: {reason}; fetch it again")]
    Archive { shown: String, reason: String },
    /// An archive entry that would lead outside the archive.
    #[error("refused the archive {shown}: entry `{entry}` {reason}")]
    UnsafeEntry {
        shown: String,
        entry: String,
        reason: &'static str,
    },
    /// An archive that unpacks to more than is allowed.
    #[error(
        "refused the archive {shown}: its {packed} bytes unpack to more than {limit} bytes; raise `limits.archive` if that is right"
    )]
    ArchiveTooLarge { shown: String, packed: u64, limit: u64 },
    /// An archive of too many files.
    #[error("refused the archive {shown}: {entries} entries, more than {limit}")]
    TooManyEntries {
        shown: String,
        entries: usize,
        limit: usize,
    },
    /// No dataset in an archive or folder.
    #[error(
        "{shown} holds no dataset (shapefile, file geodatabase, GeoPackage or FlatGeobuf); it holds {}",
        quoted_list(found)
    )]
    NoDataset { shown: String, found: Vec<String> },
    /// Several layers and no choice.
    #[error(
        "{shown} has several layers: add `layer = \"…\"` to the pipeline's source, one of {}",
        quoted_list(layers)
    )]
    LayerNeeded { shown: String, layers: Vec<String> },
    /// No layer with geometries.
    #[error("{shown} has no layer with geometries")]
    NoLayer { shown: String },
    /// A layer that isn't there.
    #[error("{shown} has no layer `{layer}`{}; it has {}", did_you_mean(suggestion.as_ref()), quoted_list(layers))]
    NoSuchLayer {
        shown: String,
        layer: String,
        suggestion: Option<String>,
        layers: Vec<String>,
    },
    /// Several sheets, or none that is visible, and no choice.
    #[error(
        "{shown}: add `sheet = \"…\"` to the pipeline's source, one of {}",
        quoted_list(sheets)
    )]
    SheetNeeded { shown: String, sheets: Vec<String> },
    /// A sheet that isn't there.
    #[error("{shown} has no sheet `{sheet}`{}; it has {}", did_you_mean(suggestion.as_ref()), quoted_list(sheets))]
    NoSuchSheet {
        shown: String,
        sheet: String,
        suggestion: Option<String>,
        sheets: Vec<String>,
    },
    /// A `geo` key that can't be understood.
    #[error("{shown}: its `geo` metadata can't be understood: {reason}; write the file again")]
    GeoKey { shown: String, reason: String },
    /// Parquet that declares no geometry.
    #[error(
        "{shown} says of no column that it is a geometry: add `geometry = \"…\"`, its column of WKB, and `crs = \"EPSG:…\"` to the pipeline's source; it has {}",
        quoted_list(found)
    )]
    NoGeometry { shown: String, found: Vec<String> },
    /// Several native geometry columns and no choice.
    #[error(
        "{shown} has several geometry columns: add `geometry = \"…\"` to the pipeline's source, one of {}",
        quoted_list(columns)
    )]
    GeometryNeeded { shown: String, columns: Vec<String> },
    /// A geometry column that is not WKB.
    #[error(
        "{shown}: column `{column}` is {kind}, not WKB: name a column of WKB by `geometry`, or write the file with WKB geometries"
    )]
    NotWkb {
        shown: String,
        column: String,
        kind: String,
    },
    /// The `geo` key and the column's native type contradict each other.
    #[error(
        "{shown} contradicts itself: its `geo` metadata says {geo}, its geometry type {native}; repair the file"
    )]
    CrsContradiction {
        shown: String,
        geo: String,
        native: String,
    },
    /// Files of one source with different columns.
    #[error(
        "{shown} has other columns than {first}: it lacks {}, and has besides {}; make them sources of their own",
        quoted_list(missing),
        quoted_list(further)
    )]
    MixedColumns {
        shown: String,
        first: String,
        missing: Vec<String>,
        further: Vec<String>,
    },
    /// Files of one source with different geometries.
    #[error(
        "{shown} has its geometry in column {theirs}, but {first} in {ours}; make them sources of their own"
    )]
    MixedGeometry {
        shown: String,
        first: String,
        ours: String,
        theirs: String,
    },
    /// Another kind of file in a folder of Parquet files.
    #[error(
        "{shown} holds `{entry}`, which is no Parquet file: move it elsewhere, or let its name begin with `_` if it holds no rows"
    )]
    StrayFile { shown: String, entry: String },
    /// What a pull has landed can't be read.
    #[error("{shown}: {what} can't be read: {reason}; fetch the layer again")]
    BrokenPull {
        shown: String,
        what: &'static str,
        reason: String,
    },
    /// GDAL can't open the dataset or lay hands on a layer.
    #[error("cannot open {shown}: {reason}")]
    Dataset { shown: String, reason: String },
    /// GDAL stopped before the end.
    #[error("cannot read {shown} after row {row}: {reason}; the file is damaged or cut off, fetch it again")]
    Damaged { shown: String, row: u64, reason: String },
}

/// Names for a message: quoted, at most forty of them.
fn quoted_list(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let text = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        0 => "nothing".to_owned(),
        n if n > SHOWN => text + &format!(" and {} more", n - SHOWN),
        _ => text,
    }
}

fn separator_hint(likely: Option<char>) -> String {
    likely.map_or_else(String::new, |likely| {
        format!(
            ": add `delimiter = \"{}\"` to the pipeline's source?",
            likely.escape_default()
        )
    })
}

fn did_you_mean(suggestion: Option<&String>) -> String {
    suggestion
        .map(|name| format!(", did you mean `{name}`?"))
        .unwrap_or_default()
}

/// The name closest to `wanted`, if any is close enough to be a slip of the pen.
pub(super) fn closest_name(wanted: &str, names: &[String]) -> Option<String> {
    const CLOSE: f64 = 0.75;
    names
        .iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(score, _)| *score >= CLOSE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.clone())
}
