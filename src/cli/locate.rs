//! `cikr locate`.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tracing::{info, warn};

use super::locate_sets::{SetFlags, parse_crs};
use super::output::Output;
use super::run::parse_memory;
use crate::config::parse_size;
use crate::error::{Error, exit};
use crate::feature::Crs;
use crate::join::{
    self, Detail, FileAsked, Flow, GeometryAsked, JoinError, JoinFormat, NewFile, Opened, PolygonSet,
    RejectsFile, SetBound, SetMeans, SetTally, Tally, Target,
};
use crate::report::{Logging, Reporter, human_size};
use crate::store::Scratch;

/// Some thousand vertices: less is a partition for every square of the world.
const LEAST_SET_MEMORY: u64 = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  cikr locate clinics.csv --to counties=us_counties.gpkg              how many clinics each county has
  cikr locate clinics.csv --to counties=us_counties.gpkg -o out.csv   the same rows with counties_code and counties_name
  cikr locate sites.parquet --to us_states.zip,places.parquet -o sites.geojsonl   two sets at once
  cikr locate wells.shp --to districts=d.gdb.zip --code DIST_NO --nearest-m 5000 -o wells.parquet
  cikr locate pipelines.geojson --to counties=us_counties.gpkg --lines-shares -o shares.parquet
  cikr locate tonight.parquet --to places.gpkg --kept-sets ~/.cache/cikr -o out.parquet   indexes the places once for all nights
  cikr locate sites.parquet --to parcels.parquet --set-memory 1GiB -o out.parquet   polygons that are larger than memory
  cikr locate points.csv --x EASTING --y NORTHING --crs EPSG:26915 --to us_counties.gpkg --format json

Any file that a pipeline reads can be either side: GeoParquet, CSV, GeoJSON, GeoPackage, Shapefile, FileGDB, FlatGeobuf, XLSX,
zipped or not. A point on a border is in the jurisdiction with the lowest code; lines and surfaces are placed by a point
on them, or by --lines-shares have a row for each jurisdiction that they are in.
Rows are written in their order, geometries in OGC:CRS84. A row that can't be placed keeps its values and has no codes; one whose
record is broken is left out; both are told, and written by --rejects. A CRS is never guessed: CSV with longitude and latitude
is in degrees, and any other file says its CRS or has it declared by --crs (a set by --to-crs).";

/// Tell which county, state or any other polygon each row of a file is in.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Locate {
    /// File with the rows: anything that a pipeline reads
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    sets: SetFlags,
    /// File to write: .parquet, .geojson, .geojsonl or .csv; `-` is standard output [default: count, and write nothing]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Format of the output, where its name doesn't tell
    #[arg(long = "as", value_name = "FORMAT", value_parser = parse_format, requires = "output")]
    written_as: Option<JoinFormat>,
    /// Print the rows of each jurisdiction also where a file is written
    #[arg(long)]
    summary: bool,
    /// Give rows outside every polygon the nearest one within so many metres; adds `<id>_distance_m`
    #[arg(long, value_name = "METRES", value_parser = parse_metres)]
    nearest_m: Option<f64>,
    /// Write a row for each jurisdiction that a line or surface is in, with its share of the length or area; adds `<id>_share`
    #[arg(long, requires = "output", conflicts_with = "nearest_m")]
    lines_shares: bool,
    /// Table or sheet of FILE, where it has several
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// Column of the longitude or x, in CSV and XLSX
    #[arg(long, value_name = "COLUMN", requires = "y", conflicts_with = "wkt")]
    x: Option<String>,
    /// Column of the latitude or y
    #[arg(long, value_name = "COLUMN", requires = "x")]
    y: Option<String>,
    /// Column of the geometry: well-known text in CSV and XLSX, WKB in Parquet
    #[arg(long, value_name = "COLUMN", visible_alias = "geometry")]
    wkt: Option<String>,
    /// CRS of FILE, where it doesn't say: OGC:CRS84, EPSG:<code> or ESRI:<code>
    #[arg(long, value_parser = parse_crs)]
    crs: Option<Crs>,
    /// Write the rows that can't be placed, and why, as CSV
    #[arg(long, value_name = "OUT")]
    rejects: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
    /// Memory for rows on their way, such as 512MiB; polygon sets come on top [default: two batches for each thread]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<u64>,
    /// Memory for the polygons of a set, such as 512MiB: a larger set waits on disk in TMPDIR and is asked a part at a time, for
    /// which FILE is read twice [default: sets are in memory]
    #[arg(long, value_name = "SIZE", value_parser = parse_set_memory, conflicts_with_all = ["nearest_m", "lines_shares", "kept_sets"])]
    set_memory: Option<u64>,
}

/// A size that a partition of a set fits into.
fn parse_set_memory(text: &str) -> Result<u64, String> {
    let bytes = parse_size(text).filter(|bytes| *bytes >= LEAST_SET_MEMORY);
    bytes.ok_or_else(|| "write a size with its unit, 1MiB or more, such as 512MiB or 2GB".to_owned())
}

fn parse_format(text: &str) -> Result<JoinFormat, String> {
    let words = JoinFormat::ALL.map(JoinFormat::word).join(", ");
    JoinFormat::of_word(text).ok_or_else(|| format!("known: {words}"))
}

fn parse_metres(text: &str) -> Result<f64, String> {
    let metres: Option<f64> = text.parse().ok();
    metres
        .filter(|metres| metres.is_finite() && *metres > 0.0)
        .ok_or_else(|| "write a number of metres above 0".to_owned())
}

impl Locate {
    pub(super) fn run(&self, logging: &Logging, quiet: bool, out: &mut Output<'_>) -> Result<u8, Error> {
        // Whatever the command line has wrong is told before the first byte is read.
        let asked = self.sets.asked().map_err(target_error)?;
        if self.lines_shares && asked.len() > 1 {
            return Err(join_error(JoinError::SharesOfSeveral));
        }
        let format = self
            .output
            .as_deref()
            .map(|path| self.format_of(path))
            .transpose()?;
        let file = match &self.output {
            Some(path) if !is_stream(path) => Some(NewFile::begin(path, self.force).map_err(join_error)?),
            _ => None,
        };
        let mut rejects = match &self.rejects {
            Some(path) => Some(RejectsFile::begin(path, self.force).map_err(join_error)?),
            None => None,
        };
        let kept = self.sets.kept_folder().map_err(join_error)?;
        let opened = Opened::look_at(&self.file_asked(), "--crs").map_err(join_error)?;
        let scratch = Scratch::new(&env::temp_dir());
        let means = SetMeans {
            detail: self.detail(),
            kept: kept.as_ref(),
            bound: self.set_memory.map(|memory| SetBound {
                memory,
                space: &scratch,
            }),
        };
        let sets = join::read_sets(&asked, means).map_err(join_error)?;
        sets.iter().for_each(warn_of_set);
        let progress = Reporter::new(logging.bars(), quiet);
        let flow = Flow {
            detail: self.detail(),
            memory: self.memory,
            progress: &progress,
        };
        let joined = match (format, &file) {
            (None, _) => join::count(&opened, &sets, flow, rejects.as_mut()),
            (Some(format), Some(file)) => {
                join::write(&opened, &sets, flow, format, Target::File(file), rejects.as_mut())
            }
            (Some(format), None) => {
                let target = Target::Stream(out.rows());
                join::write(&opened, &sets, flow, format, target, rejects.as_mut())
            }
        };
        let tally = match joined.map_err(join_error) {
            Ok(tally) => tally,
            // A reader that has seen enough changes nothing of how the command went.
            Err(error) if self.is_stream() && error.is_broken_pipe() => return Ok(exit::OK),
            Err(error) => return Err(error),
        };
        if let Some(file) = file {
            file.commit().map_err(join_error)?;
        }
        if let Some(rejects) = rejects {
            rejects.commit().map_err(join_error)?;
        }
        self.warn_of_rejects(&tally);
        self.print_summary(&sets, &tally, out)
    }

    /// Prints what came of it; on a standard output that has the rows, nothing is printed but in the log.
    fn print_summary(&self, sets: &[PolygonSet], tally: &Tally, out: &mut Output<'_>) -> Result<u8, Error> {
        let bytes = self
            .written_file()
            .map(|path| path.metadata().map_or(0, |found| found.len()));
        if self.is_stream() {
            for line in self.summary_text(sets, tally, None).lines() {
                info!("{line}");
            }
            return Ok(exit::OK);
        }
        let value = self.summary_json(sets, tally, bytes);
        out.print(&value, || self.summary_text(sets, tally, bytes))?;
        Ok(exit::OK)
    }

    fn detail(&self) -> Detail {
        match self.nearest_m {
            Some(metres) => Detail::Nearest(metres),
            None if self.lines_shares => Detail::Shares,
            None => Detail::None,
        }
    }

    fn file_asked(&self) -> FileAsked {
        let xy = self.x.clone().zip(self.y.clone());
        let columns = xy.map(|(x, y)| GeometryAsked::Xy { x, y });
        FileAsked {
            path: self.file.clone(),
            layer: self.layer.clone(),
            geometry: columns.or_else(|| self.wkt.clone().map(GeometryAsked::Column)),
            crs: self.crs.clone(),
        }
    }

    fn is_stream(&self) -> bool {
        self.output.as_deref().is_some_and(is_stream)
    }

    fn written_file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| !is_stream(path))
    }

    /// Whether the rows of each jurisdiction are printed.
    fn has_counts(&self) -> bool {
        self.output.is_none() || self.summary
    }

    fn format_of(&self, path: &Path) -> Result<JoinFormat, Error> {
        let endings = JoinFormat::ALL
            .map(|format| format!(".{}", format.word()))
            .join(", ");
        let known = self.written_as.or_else(|| JoinFormat::of_path(path));
        let Some(format) = known else {
            return Err(target_error(if is_stream(path) {
                "standard output tells no format: say --as geojson, --as geojsonl or --as csv".to_owned()
            } else {
                format!(
                    "no format is known by the name `{}`: end it with {endings}, or say --as FORMAT",
                    path.display()
                )
            }));
        };
        if is_stream(path) && !format.is_stream() {
            let what = "Parquet can't be written to standard output: name a file";
            return Err(target_error(what.to_owned()));
        }
        if self.rejects.as_deref() == Some(path) {
            return Err(target_error("--output and --rejects name one file".to_owned()));
        }
        Ok(format)
    }

    fn warn_of_rejects(&self, tally: &Tally) {
        for reject in &tally.first_rejects {
            let value = if reject.value.is_empty() {
                String::new()
            } else {
                format!(" ({})", reject.value)
            };
            warn!(
                "{}:{}: {}{value}",
                reject.source,
                reject.row,
                reject.reason.code()
            );
        }
        let told = tally.first_rejects.len() as u64;
        if tally.count_rejected() > told {
            let hint = if self.rejects.is_some() {
                ""
            } else {
                "; --rejects FILE writes them all"
            };
            warn!(
                "and {} rows more that can't be placed{hint}",
                tally.count_rejected() - told
            );
        }
    }

    fn summary_json(&self, sets: &[PolygonSet], tally: &Tally, bytes: Option<u64>) -> Value {
        let by_reason: serde_json::Map<String, Value> = tally
            .rejects
            .iter()
            .map(|(reason, rows)| (reason.code().to_owned(), json!(rows)))
            .collect();
        let of_sets = sets.iter().zip(&tally.sets);
        json!({
            "file": self.file,
            "rows": tally.rows,
            "rejects": { "rows": tally.count_rejected(), "left_out": tally.left_out, "by_reason": by_reason },
            "tangled": tally.tangled,
            "output": self.written_file(),
            "bytes": bytes,
            "sets": of_sets.map(|(set, counts)| self.set_json(set, counts)).collect::<Vec<_>>(),
        })
    }

    fn set_json(&self, set: &PolygonSet, counts: &SetTally) -> Value {
        let filled = set
            .index
            .names()
            .zip(&counts.by_rank)
            .filter(|(_, rows)| **rows > 0);
        let rows =
            filled.map(|(found, rows)| json!({ "code": found.code, "name": found.name, "rows": rows }));
        json!({
            "id": set.id,
            "file": &*set.shown,
            "polygons": set.index.polygon_count(),
            "unusable": set.unusable,
            "code_field": set.code_field,
            "code_field_named": set.is_code_named,
            "name_field": set.name_field,
            "within": counts.within,
            "nearest": counts.nearest,
            "outside": counts.outside,
            "jurisdictions": self.has_counts().then(|| rows.collect::<Vec<_>>()),
        })
    }

    fn summary_text(&self, sets: &[PolygonSet], tally: &Tally, bytes: Option<u64>) -> String {
        let mut text = String::new();
        if self.has_counts() && !self.is_stream() {
            sets.iter()
                .zip(&tally.sets)
                .for_each(|(set, counts)| write_counts(&mut text, set, counts));
        }
        let _ = writeln!(text, "{:>10} rows of {}", tally.rows, self.file.display());
        for (set, counts) in sets.iter().zip(&tally.sets) {
            let _ = writeln!(text, "{:>10} in {}: {}", counts.within, set.id, set_account(set));
            if self.nearest_m.is_some() {
                let _ = writeln!(text, "{:>10} outside, and given the nearest", counts.nearest);
            }
            let _ = writeln!(text, "{:>10} outside all of them", counts.outside);
        }
        if tally.count_rejected() > 0 {
            let _ = writeln!(text, "{:>10} can't be placed", tally.count_rejected());
        }
        if tally.tangled > 0 {
            let _ = writeln!(
                text,
                "{:>10} are areas whose own rings cross too often to be shared out: given to what holds their first vertex",
                tally.tangled
            );
        }
        if tally.left_out > 0 {
            let _ = writeln!(
                text,
                "{:>10} of these are broken records, and left out",
                tally.left_out
            );
        }
        if let Some((path, bytes)) = self.written_file().zip(bytes) {
            let _ = writeln!(text, "{}: {}", path.display(), human_size(bytes));
        }
        text
    }
}

fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// The fields that codes and names were taken from: nobody may have named them.
fn set_account(set: &PolygonSet) -> String {
    let mut text = format!(
        "{} polygons of {}, code {}",
        set.index.polygon_count(),
        set.shown,
        set.code_field
    );
    if !set.is_code_named {
        text.push_str(" (by its name)");
    }
    if let Some(name) = &set.name_field {
        let _ = write!(text, ", name {name}");
    }
    text
}

/// The rows of each jurisdiction that has some.
fn write_counts(text: &mut String, set: &PolygonSet, counts: &SetTally) {
    let _ = writeln!(text, "{:>10}  {} code", "rows", set.id);
    for (found, rows) in set
        .index
        .names()
        .zip(&counts.by_rank)
        .filter(|(_, rows)| **rows > 0)
    {
        let _ = writeln!(
            text,
            "{rows:>10}  {}  {}",
            found.code,
            found.name.unwrap_or_default()
        );
    }
    text.push('\n');
}

fn warn_of_set(set: &PolygonSet) {
    for row in &set.first_unusable {
        warn!("{row}: this row of `{}` is left out", set.id);
    }
    if set.unusable > set.first_unusable.len() {
        let more = set.unusable - set.first_unusable.len();
        warn!("and {more} rows more of `{}`", set.id);
    }
    if set.has_numbers {
        warn!(
            "`{}` of {} is a number: codes with a zero before them have lost it there",
            set.code_field, set.shown
        );
    }
}

fn target_error(what: String) -> Error {
    Error::ExportTarget { what }
}

fn join_error(source: JoinError) -> Error {
    match source {
        // A name that is taken is a mistake of the command line's.
        JoinError::Store {
            source: taken @ crate::store::StoreError::Exists { .. },
        } => target_error(taken.to_string()),
        source => Error::Join {
            source: Box::new(source),
        },
    }
}
