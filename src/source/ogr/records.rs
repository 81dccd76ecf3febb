//! The features of one layer as rows.

use gdal::vector::{Feature, LayerAccess, OGRFieldType, OwnedFeatureIterator, OwnedLayer};

use super::coded_column::CodedColumn;
use super::domains::Domains;
use super::encoding::ShapefileEncoding;
use super::feature_count::FeatureCount;
use super::field::{FieldContent, read_field};
use super::geometry::{dimensions_of, encode_wkb};
use super::messages::drain_messages;
use crate::feature::RejectReason;
use crate::source::Records;
use crate::source::batch::BatchBuilder;
use crate::source::column::Value;
use crate::source::error::SourceError;
use crate::source::iso_dates::typed_date;
use crate::source::landing_path::LandingPath;
use crate::source::layer_info::LayerInfo;
use crate::source::shapefile::WideNumbers;
use crate::source::stated_crs::StatedCrs;

/// Reads the features of one layer; the FID is the row.
pub(in crate::source) struct OgrRecords {
    features: OwnedFeatureIterator,
    /// A feature borrows the iterator that it comes from, so what puts it into a batch is beside that.
    rows: FeatureRows,
    stated: StatedCrs,
    count: FeatureCount,
}

/// What a layer is read from, and with.
pub(super) struct LayerSource {
    /// How GDAL's messages call the source.
    pub(super) landing: LandingPath,
    /// The layer's name in origins.
    pub(super) shown: String,
    /// How its texts are read, where GDAL hands over their bytes.
    pub(super) encoding: Option<ShapefileEncoding>,
    /// Numbers that GDAL cuts short.
    pub(super) wide_numbers: Option<WideNumbers>,
    /// Names of the codes of its fields.
    pub(super) domains: Domains,
    /// Longest row, bytes.
    pub(super) limit: usize,
}

/// Puts features into batches, a row each.
struct FeatureRows {
    landing: LandingPath,
    shown: String,
    columns: Vec<String>,
    /// By column, where it has codes.
    coded: Vec<Option<CodedColumn>>,
    /// The column that tells subtypes of rows apart, whose codes mean different things.
    subtype: Option<usize>,
    types: Vec<OGRFieldType::Type>,
    /// Bytes that a text of the column may have.
    widths: Vec<usize>,
    encoding: Option<ShapefileEncoding>,
    wide_numbers: Option<WideNumbers>,
    limit: usize,
    /// FID of the current feature.
    fid: u64,
    text: String,
}

impl OgrRecords {
    /// Reads a layer, which is described by `info`.
    pub(super) fn new(layer: OwnedLayer, info: LayerInfo, source: LayerSource) -> Self {
        let types = layer.defn().fields().map(|field| field.field_type()).collect();
        let widths = layer
            .defn()
            .fields()
            .map(|field| usize::try_from(field.width()).unwrap_or(0))
            .collect();
        let mut columns: Vec<String> = info.columns.into_iter().map(|(column, _)| column).collect();
        let subtypes = source.domains.subtypes.as_ref();
        let subtype =
            subtypes.and_then(|subtypes| columns.iter().position(|column| *column == subtypes.field));
        let coded = CodedColumn::add_name_columns(&mut columns, source.domains);
        Self {
            features: layer.owned_features(),
            rows: FeatureRows {
                landing: source.landing,
                shown: source.shown,
                columns,
                coded,
                subtype,
                types,
                widths,
                encoding: source.encoding,
                wide_numbers: source.wide_numbers,
                limit: source.limit,
                fid: 0,
                text: String::new(),
            },
            stated: info.stated,
            count: FeatureCount {
                stated: info.features,
                read: 0,
                skipped: None,
            },
        }
    }

    /// The layer's name in origins.
    pub(in crate::source) fn shown(&self) -> &str {
        &self.rows.shown
    }

    /// Column names, in layer order.
    pub(in crate::source) fn columns(&self) -> &[String] {
        &self.rows.columns
    }

    /// What the layer says about its CRS.
    pub(in crate::source) fn stated_crs(&self) -> StatedCrs {
        self.stated.clone()
    }
}

impl Records for OgrRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        let feature = (&mut self.features).next();
        let failure = drain_messages(Some(&self.rows.landing));
        let Some(feature) = feature else {
            self.rows.warn_unknown_codes();
            self.count.check_end(failure, &self.rows.shown, self.rows.fid)?;
            return Ok(false);
        };
        self.count.read += 1;
        self.rows
            .put_feature(&feature, failure, &mut self.count.skipped, batch)?;
        Ok(true)
    }
}

impl FeatureRows {
    /// Puts a feature into the batch. `failure` is what GDAL said on the way to it: of its geometry, where it has none,
    /// else of a feature before it, which goes to `skipped`.
    fn put_feature(
        &mut self,
        feature: &Feature<'_>,
        failure: Option<String>,
        skipped: &mut Option<String>,
        batch: &mut BatchBuilder,
    ) -> Result<(), SourceError> {
        self.fid = feature.fid().unwrap_or(self.fid + 1);
        if let Some(numbers) = &mut self.wide_numbers {
            // The row of a shapefile's feature is its number.
            numbers.go_to_row(self.fid).map_err(|source| SourceError::Read {
                shown: self.shown.clone(),
                row: self.fid,
                source,
            })?;
        }
        let wkb = match feature.geometry_by_index(0) {
            Ok(geometry) => {
                // The feature is whole, so it was an earlier one that GDAL passed over.
                *skipped = skipped.take().or(failure);
                batch.count_dropped_ordinates(dimensions_of(geometry));
                encode_wkb(geometry).map(Some)
            }
            Err(_) => failure.map_or(Ok(None), Err),
        };
        // Asking for a geometry that isn't there counts as a failure with GDAL.
        drain_messages(Some(&self.landing));
        let size = wkb.as_ref().map_or(0, |wkb| wkb.as_ref().map_or(0, Vec::len));
        let wkb = if self.put_fields(feature, size, batch) {
            wkb.unwrap_or_else(|why| {
                batch.note_defect("geometry", &why, RejectReason::ImpossibleGeometry);
                None
            })
        } else {
            let reason = RejectReason::RecordTooLong;
            batch.note_defect("record", &format!("over {} bytes", self.limit), reason);
            None
        };
        batch.end_row(self.fid, wkb.as_deref());
        Ok(())
    }

    /// Puts the fields into the batch, beside a geometry of so many bytes; gives whether the row keeps to the limit.
    fn put_fields(&mut self, feature: &Feature<'_>, geometry_bytes: usize, batch: &mut BatchBuilder) -> bool {
        // The row is a reject whatever its fields hold, and decoding these takes time.
        if geometry_bytes > self.limit {
            return false;
        }
        let mut left = self.limit - geometry_bytes;
        let mut is_recoded = false;
        let subtype = self
            .subtype
            .and_then(|column| feature.field_as_string(column).ok().flatten());
        for (column, kind) in self.types.iter().enumerate() {
            self.text.clear();
            let Some(content) = read_field(feature, column, *kind, &mut self.text) else {
                continue;
            };
            if let Some(encoding) = self.encoding.filter(|_| content == FieldContent::Text) {
                is_recoded |= encoding.decode(&mut self.text, self.widths[column]);
            }
            let digits = self
                .wide_numbers
                .as_ref()
                .and_then(|numbers| numbers.wide_digits(column));
            let (value, size) = match content {
                FieldContent::Number(_) if let Some(digits) = digits => (whole_number(digits), digits.len()),
                FieldContent::Number(number) => (number, number.to_text().len()),
                FieldContent::Date => (typed_date(&self.text), self.text.len()),
                FieldContent::Text => (Value::Text(&self.text), self.text.len()),
            };
            left = left.saturating_sub(size);
            if let Some(coded) = &mut self.coded[column] {
                coded.put_name(&value.to_text(), subtype.as_deref(), batch);
            }
            batch.put_value(column, value);
        }
        if is_recoded {
            batch.count_recoded();
        }
        left > 0
    }

    /// Tells of codes outside their domain.
    fn warn_unknown_codes(&self) {
        for (field, coded) in self.columns.iter().zip(&self.coded) {
            let unknown = coded.as_ref().map_or(0, |coded| coded.unknown);
            if unknown > 0 {
                tracing::warn!(
                    source = self.shown,
                    field,
                    rows = unknown,
                    "codes that the layer's own domain doesn't have"
                );
            }
        }
    }
}

/// A whole number, as text where 64 bits can't hold it.
fn whole_number(digits: &str) -> Value<'_> {
    digits.parse().map_or(Value::Text(digits), Value::Integer)
}
