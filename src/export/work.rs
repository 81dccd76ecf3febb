//! The work itself: rows of layers, as they are scanned, into a writer.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::formats::{LayerHead, cells};
use super::style::Legend;
use super::writers::writer_of;
use super::{ExportError, Sink};
use crate::feature::{Cell, CellKind, ExportFormat, LayerReport, Progress, RunReport};
use crate::select::{RowFilter, Scan, SectorNames, SelectError};

/// A layer to be exported.
#[derive(Debug, Clone)]
pub struct LayerToExport {
    /// Its id.
    pub id: String,
    /// Its tiles, in the order in which their rows come.
    pub tiles: Vec<PathBuf>,
}

/// What is the same of all layers of an export.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// The format.
    pub format: ExportFormat,
    /// Which rows.
    pub rows: &'a RowFilter,
    /// Names of sectors, for legends.
    pub sectors: &'a SectorNames,
    /// When the rows were made: the one time that files tell.
    pub made: DateTime<Utc>,
    /// Whether QGIS is to be told how to draw them.
    pub is_styled: bool,
    /// How far the work is.
    pub progress: &'a dyn Progress,
}

/// A layer as exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedLayer {
    /// Its id.
    pub id: String,
    /// Rows in the file.
    pub rows: u64,
    /// How QGIS draws it, as a `.qml`, where the file doesn't carry that within.
    pub style: Option<String>,
}

/// What came of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The layers, in the order asked for.
    pub layers: Vec<ExportedLayer>,
    /// What the format couldn't hold, for people.
    pub notes: Vec<String>,
}

/// Writes the selected rows of layers.
///
/// Memory holds some thousand rows. GDAL's index of a FlatGeobuf comes on top, some 400 bytes a row; that of a GeoPackage is in
/// the file.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
/// use cikr::export::{Export, LayerToExport, Sink, export};
/// use cikr::feature::{ExportFormat, Progress, Task};
/// use cikr::geoparquet::{Features, WriteOptions, write_features};
/// use cikr::select::{RowFilter, SectorNames};
///
/// struct Quiet;
/// impl Task for Quiet {
///     fn advance(&self, _: u64) {}
/// }
/// impl Progress for Quiet {
///     fn start(&self, _: &'static str, _: &str, _: Option<u64>) -> Box<dyn Task> {
///         Box::new(Quiet)
///     }
/// }
///
/// let wkb = [&[1, 1, 0, 0, 0][..], &(-98.5_f64).to_le_bytes(), &31.0_f64.to_le_bytes()].concat();
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["dams:TX00001"]));
/// let geometry: ArrayRef = Arc::new(BinaryArray::from_vec(vec![&wkb]));
/// let features = Features {
///     what: "part-000.parquet",
///     rows: &RecordBatch::try_from_iter([("facility_id", ids), ("geometry", geometry)])?,
///     row_groups: &[1],
///     extent: None,
///     geometry_types: &["Point".to_owned()],
///     footer: &[],
/// };
/// let mut tile = tempfile::NamedTempFile::new()?;
/// write_features(&features, &WriteOptions::default(), &mut tile)?;
///
/// let what = Export {
///     format: ExportFormat::Csv,
///     rows: &RowFilter::default(),
///     sectors: &SectorNames::new(),
///     made: chrono::DateTime::UNIX_EPOCH,
///     is_styled: false,
///     progress: &Quiet,
/// };
/// let dams = LayerToExport { id: "dams".to_owned(), tiles: vec![tile.path().to_owned()] };
/// let mut out = Vec::new();
/// let exported = export(what, &[dams], Sink::Stream(&mut out))?;
/// assert_eq!(exported.layers[0].rows, 1);
/// assert_eq!(String::from_utf8(out)?, "facility_id,longitude,latitude\ndams:TX00001,-98.5,31\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the format can't hold what is asked for, a tile can't be read, or the file can't be written.
pub fn export(what: Export<'_>, layers: &[LayerToExport], sink: Sink<'_>) -> Result<Exported, ExportError> {
    if layers.len() > 1 && !what.format.holds_many_layers() {
        return Err(ExportError::ManyLayers {
            format: what.format,
            layers: layers.iter().map(|layer| layer.id.clone()).collect(),
        });
    }
    // Before the file is begun: what can't be read, or has no tile, is told first.
    let mut scans = Vec::with_capacity(layers.len());
    for layer in layers {
        let scan = Scan::of_tiles(&layer.tiles, what.rows)?;
        let scan = scan.ok_or_else(|| SelectError::Absent {
            layer: layer.id.clone(),
            reason: "it has no tiles".to_owned(),
        })?;
        scans.push(scan);
    }
    let mut writer = writer_of(what.format, sink, what.made)?;
    let mut exported = Vec::with_capacity(layers.len());
    for (layer, scan) in layers.iter().zip(&scans) {
        let mut head = head_of(&layer.id, scan);
        if what.format == ExportFormat::Shapefile {
            head.widths = text_widths(&head, scan)?;
        }
        let mut legend = Legend::new();
        let mut rows = 0;
        let task = what.progress.start("export", &layer.id, Some(scan.rows()));
        writer.begin_layer(&head)?;
        scan.for_each(&mut |selected, looked_at| {
            rows += selected.num_rows() as u64;
            legend.see(selected);
            task.advance(looked_at);
            writer.write_rows(selected)
        })?;
        let style = legend
            .to_qml(head.shape, what.sectors, what.format.has_style_beside())
            .filter(|_| what.is_styled);
        writer.end_layer(style.as_deref())?;
        exported.push(ExportedLayer {
            id: layer.id.clone(),
            rows,
            style: style.filter(|_| what.format.has_style_beside()),
        });
    }
    Ok(Exported {
        layers: exported,
        notes: writer.finish()?,
    })
}

/// Bytes of the longest text of each field, for which all rows are looked at once more: without them GDAL gives each text 80
/// bytes, and of a layer of a million rows the file grows to two gigabytes.
fn text_widths(head: &LayerHead, scan: &Scan<'_>) -> Result<Vec<usize>, ExportError> {
    let mut widths = vec![0; head.fields.len()];
    scan.for_each(&mut |rows, _| {
        for (width, column) in widths.iter_mut().zip(cells(rows, head)) {
            let lengths = (0..rows.num_rows()).map(|row| match column.get(row) {
                Cell::Text(text) => text.len(),
                texts @ Cell::Texts(_) => texts.to_string().len(),
                _ => 0,
            });
            *width = lengths.fold(*width, usize::max);
        }
        Ok::<_, ExportError>(())
    })?;
    Ok(widths)
}

fn head_of(id: &str, scan: &Scan<'_>) -> LayerHead {
    let fields = scan.schema().fields().iter();
    LayerHead {
        id: id.to_owned(),
        shape: scan.shape(),
        fields: fields
            .filter_map(|field| Some((field.name().clone(), CellKind::of_type(field.data_type())?)))
            .collect(),
        widths: vec![],
        has_geometry: true,
    }
}

/// When the rows of a layer were made: when the run began that made its tiles, as far as the names of releases tell; of the
/// inventory, which has no layer, that of the release.
///
/// By this time alone files differ that have the same rows.
pub fn made_at(report: &RunReport, layer: Option<&LayerReport>) -> DateTime<Utc> {
    let earlier = layer.and_then(|layer| layer.carried_from().or_else(|| layer.unchanged_since()));
    let begun = earlier.unwrap_or(&report.release).begun();
    let started = || {
        DateTime::parse_from_rfc3339(&report.started)
            .ok()
            .map(|time| time.to_utc())
    };
    begun.or_else(started).unwrap_or(DateTime::UNIX_EPOCH)
}
