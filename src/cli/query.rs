//! `cikr query`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use geo::Point;
use serde_json::json;

use super::client::client_settings_hiding_proxies;
use super::output::Output;
use super::query_account::{Explained, account_text};
use super::query_table::{TABLE_COLUMNS, TABLE_ROWS, Table};
use super::selection::SelectionFlags;
use super::store::{StoreAt, release_folder, store_error};
use crate::error::{Error, exit};
use crate::export::formats::{LayerHead, LayerWriter};
use crate::export::{ExportError, RowsFormat, Sink, rows_writer};
use crate::feature::CellKind;
use crate::fetch::http::{Client, ClientSettings};
use crate::fetch::open_served_release;
use crate::query::{
    Account, Answer, FolderFiles, Limits, Near, Order, QueryError, Question, Release, Within,
};
use crate::report::{Logging, human_size};
use crate::store::{self, NewFiles, StoreError};

const EXAMPLES: &str = "\
Examples:
  cikr query out/demo --layer hospitals --state TX --where 'beds>=100'      a table of some columns
  cikr query out/demo --layer dams --near=-95.4,29.8 --k 10 --columns facility_id,name,distance_m
  cikr query out/demo --layer facilities --bbox=-96,29,-95,30 --sector ENER -o energy.geojson
  cikr query out/demo --layer dams --within county=48201 --order-by=-height_ft --limit 5 --format csv
  cikr query https://data.example.gov/cikr --layer dams --bbox=-96,29,-95,30 --explain

RELEASE is a folder, a store (its latest release), an id with --store, or the URL of `public` of a store or of a release below
`releases/`, from any server that knows ranges. Only what the answer needs is read; --explain tells how much that was.
Rows come in the order of the tiles, of --k in that of their distance (geodesic, in `distance_m`). --format is text (a table), json,
geojson, geojsonl, csv, or with -o parquet; the name of -o FILE tells it, too. A row must meet all that is asked for.";

/// Ask a release, on this machine or behind a URL, for rows of a layer.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Query {
    /// Folder of a release, a store (its latest release), a release id with --store, or a URL
    #[arg(value_name = "RELEASE|STORE|URL")]
    release: String,
    #[command(flatten)]
    store: StoreAt,
    /// Layer, or `facilities` for the inventory of all
    #[arg(long, value_name = "ID")]
    layer: String,
    #[command(flatten)]
    selection: SelectionFlags,
    /// Jurisdiction that rows are in: state=TX, county=48201, place=4835000, region=R06, or any kind of the release
    #[arg(long, value_name = "KIND=ID")]
    within: Vec<Within>,
    #[command(flatten)]
    near: NearFlags,
    /// Columns, in this order [default: all; of a table some]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    /// Most rows
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Order of the rows: `distance`, or a column; `-COLUMN` for the greatest first
    #[arg(long, value_name = "distance|COLUMN", allow_hyphen_values = true)]
    order_by: Option<Order>,
    /// Tell what was read, of how much, instead of printing the rows
    #[arg(long)]
    explain: bool,
    /// File to write: .json, .geojson, .geojsonl, .csv or .parquet
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file where it exists
    #[arg(long)]
    force: bool,
}

/// How near to which place.
#[derive(Debug, Args)]
struct NearFlags {
    /// Place that rows are near to, degrees; adds the column `distance_m`
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true, value_parser = parse_place)]
    near: Option<Point<f64>>,
    /// The N nearest
    #[arg(long, value_name = "N", requires = "near")]
    k: Option<usize>,
    /// No farther than so many metres
    #[arg(long, value_name = "METRES", requires = "near")]
    radius_m: Option<f64>,
}

fn parse_place(text: &str) -> Result<Point<f64>, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|number| number.trim().parse()).collect();
    match numbers.as_deref() {
        Ok([x, y]) if (-180.0..=180.0).contains(x) && (-90.0..=90.0).contains(y) => Ok(Point::new(*x, *y)),
        Ok([_, _]) => Err("longitudes are -180 to 180, latitudes -90 to 90: longitude first".to_owned()),
        _ => Err("write longitude,latitude in degrees, such as -95.4,29.8".to_owned()),
    }
}

impl Query {
    pub(super) fn run(&self, logging: &Logging, out: &mut Output<'_>) -> Result<u8, Error> {
        let format = self.format(out)?;
        if let Some(file) = &self.output {
            // Before any work is done for it.
            store::refuse_taken(file, self.force).map_err(target_error)?;
        }
        let began = Instant::now();
        let release = self.open(logging)?;
        let question = self.question(format);
        let mut answer = release.ask(&question, &Limits::default()).map_err(query_error)?;
        match (&self.output, format) {
            (Some(file), Some(format)) => {
                let bytes = self.write_file(&mut answer, format, &release, file)?;
                self.tell_file(out, file, bytes, &release, &answer.account())?;
            }
            _ if self.explain => {
                for rows in answer.by_ref() {
                    rows.map_err(query_error)?;
                }
                let explained = Explained {
                    account: answer.account(),
                    seconds: began.elapsed().as_secs_f64(),
                };
                out.print(&explained, || explained.text())?;
            }
            (_, Some(format)) => {
                let writer = rows_writer(
                    format,
                    Sink::Stream(out.rows()),
                    &answer.head().schema,
                    release.id(),
                );
                let written = writer
                    .map_err(export_error)
                    .and_then(|writer| write_rows(&mut answer, writer));
                // A reader that has seen enough changes nothing of how the command went.
                if let Err(error) = written
                    && !error.is_broken_pipe()
                {
                    return Err(error);
                }
            }
            (_, None) => self.print_table(&mut answer, out)?,
        }
        Ok(exit::OK)
    }

    /// The format of the rows; none is a table.
    fn format(&self, out: &Output<'_>) -> Result<Option<RowsFormat>, Error> {
        let told = out.format.of_rows();
        let Some(file) = &self.output else {
            if told == Some(RowsFormat::Parquet) {
                return Err(target("Parquet is written to a file: name one by -o FILE"));
            }
            return Ok(told);
        };
        // `--format json` may be meant for what is printed, where the file's name says another.
        let by_name = RowsFormat::of_path(file);
        let format = by_name.or(told);
        if format.is_none() {
            let words = RowsFormat::ALL.map(RowsFormat::word).join(", .");
            return Err(target(format!(
                "no format is known by the name `{}`: end it with .{words}; `cikr export` writes GeoPackage and others",
                file.display()
            )));
        }
        Ok(format)
    }

    fn open(&self, logging: &Logging) -> Result<Release, Error> {
        if self.release.starts_with("http://") || self.release.starts_with("https://") {
            // Somebody waits: a server that fails three times is told of, and not waited for through the night.
            let settings = ClientSettings {
                attempts: 3,
                pause: Duration::from_millis(200),
                ..client_settings_hiding_proxies(logging.veil())
            };
            let client = Client::new(&settings).map_err(|source| Error::ReleaseUrl {
                source: crate::fetch::ReleaseUrlError::Latest { source },
            })?;
            let (id, files) =
                open_served_release(client, &self.release).map_err(|source| Error::ReleaseUrl { source })?;
            return Ok(Release::new(id.as_str(), Arc::new(files)));
        }
        let folder = release_folder(Path::new(&self.release), &self.store)?;
        // A link to the release is known by the release's name.
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let id = real.file_name().unwrap_or_default().to_string_lossy();
        Ok(Release::new(&id, Arc::new(FolderFiles::new(&real))))
    }

    fn question(&self, format: Option<RowsFormat>) -> Question {
        let mut columns = self.columns.clone();
        let is_table = format.is_none() && !self.explain;
        if columns.is_empty() && is_table {
            columns = TABLE_COLUMNS.map(str::to_owned).to_vec();
            columns.extend(self.near.near.map(|_| "distance_m".to_owned()));
        }
        if !columns.is_empty() && format.is_some_and(RowsFormat::needs_geometry) {
            columns.push("geometry".to_owned());
        }
        if !columns.is_empty() && format == Some(RowsFormat::Parquet) {
            columns.push("bbox".to_owned());
        }
        // One more than is shown tells that there are more.
        let limit = self.limit.or(is_table.then_some(TABLE_ROWS + 1));
        Question {
            layer: self.layer.clone(),
            rows: self.selection.asked(std::slice::from_ref(&self.layer)),
            within: self.within.clone(),
            near: self.near.near.map(|point| Near {
                point,
                k: self.near.k,
                radius_m: self.near.radius_m,
            }),
            columns: (!columns.is_empty()).then_some(columns),
            order: self.order_by.clone(),
            limit,
            ..Question::default()
        }
    }

    fn write_file(
        &self,
        answer: &mut Answer,
        format: RowsFormat,
        release: &Release,
        file: &Path,
    ) -> Result<u64, Error> {
        let files = NewFiles::beside(file).map_err(target_error)?;
        let sink = Sink::File {
            files: &files,
            name: "rows",
        };
        let schema = Arc::clone(&answer.head().schema);
        let writer = rows_writer(format, sink, &schema, release.id()).map_err(export_error)?;
        write_rows(answer, writer)?;
        files
            .name_all(&[("rows", file)], self.force)
            .map_err(target_error)?;
        Ok(std::fs::metadata(file).map_or(0, |found| found.len()))
    }

    fn tell_file(
        &self,
        out: &mut Output<'_>,
        file: &Path,
        bytes: u64,
        release: &Release,
        account: &Account,
    ) -> Result<(), Error> {
        let mut value = json!({
            "file": file,
            "bytes": bytes,
            "rows": account.answered,
            "layer": self.layer,
            "release": release.id(),
        });
        if self.explain {
            value["read"] = json!(account);
        }
        out.print(&value, || {
            let told = format!(
                "{}: {} rows of {}, {}, of release {}",
                file.display(),
                account.answered,
                self.layer,
                human_size(bytes),
                release.id()
            );
            if self.explain {
                format!("{told}\n{}", account_text(account))
            } else {
                told
            }
        })
    }

    fn print_table(&self, answer: &mut Answer, out: &mut Output<'_>) -> Result<(), Error> {
        let mut table = Table::new(&answer.head().schema);
        for rows in answer.by_ref() {
            table.add(&rows.map_err(query_error)?);
        }
        let most = self.limit.unwrap_or(TABLE_ROWS);
        out.print_text(&table.text(most))
    }
}

fn write_rows<'a>(answer: &mut Answer, mut writer: Box<dyn LayerWriter + 'a>) -> Result<(), Error> {
    let head = answer.head();
    let fields = head.schema.fields().iter();
    let fields =
        fields.filter_map(|field| Some((field.name().clone(), CellKind::of_type(field.data_type())?)));
    let head = LayerHead {
        id: head.layer.clone(),
        shape: head.shape,
        fields: fields.collect(),
        widths: vec![],
        has_geometry: head.schema.index_of("geometry").is_ok(),
    };
    writer.begin_layer(&head).map_err(export_error)?;
    for rows in answer {
        writer
            .write_rows(&rows.map_err(query_error)?)
            .map_err(export_error)?;
    }
    writer.end_layer(None).map_err(export_error)?;
    writer.finish().map_err(export_error)?;
    Ok(())
}

fn target(what: impl Into<String>) -> Error {
    Error::ExportTarget { what: what.into() }
}

fn query_error(source: QueryError) -> Error {
    Error::Query {
        source: Box::new(source),
    }
}

fn export_error(source: ExportError) -> Error {
    Error::Export { source }
}

/// A name that is taken is a mistake of the command line's.
fn target_error(source: StoreError) -> Error {
    match source {
        StoreError::Exists { .. } => target(source.to_string()),
        source => store_error(source),
    }
}
