//! The features of one layer as rows.

use gdal::vector::{
    Geometry, LayerAccess, OGRFieldType, OGRwkbGeometryType, OwnedFeatureIterator, OwnedLayer,
    geometry_type_flatten, geometry_type_has_m, geometry_type_has_z, geometry_type_to_name,
};

use super::domains::{Coded, Domains};
use super::encoding::TextBytes;
use super::field::{Content, content};
use super::heed;
use crate::feature::RejectReason;
use crate::source::Records;
use crate::source::batch::BatchBuilder;
use crate::source::column::Value;
use crate::source::crs::Stated;
use crate::source::error::SourceError;
use crate::source::layers::{LayerInfo, Tally};
use crate::source::names::Names;
use crate::source::shape::Dimensions;
use crate::source::shapefile::WideNumbers;
use crate::source::text::native;

/// Reads the features of one layer; the FID is the row.
pub(in crate::source) struct OgrRecords {
    features: OwnedFeatureIterator,
    names: Names,
    shown: String,
    stated: Stated,
    columns: Vec<String>,
    /// By column, where it has codes.
    coded: Vec<Option<Coded>>,
    /// The column that tells kinds of rows apart, whose codes mean different things.
    subtype: Option<usize>,
    kinds: Vec<OGRFieldType::Type>,
    /// Bytes that a text of the column may have.
    widths: Vec<usize>,
    texts: Option<TextBytes>,
    numbers: Option<WideNumbers>,
    limit: usize,
    tally: Tally,
    last: u64,
    text: String,
}

/// What a layer's features are read with.
pub(super) struct Opened {
    /// How GDAL's messages call the source.
    pub(super) names: Names,
    /// The layer's name in origins.
    pub(super) shown: String,
    /// How its texts are read, where GDAL hands over their bytes.
    pub(super) texts: Option<TextBytes>,
    /// Numbers that GDAL cuts short.
    pub(super) numbers: Option<WideNumbers>,
    /// Names of the codes of its fields.
    pub(super) domains: Domains,
    /// Longest row, bytes.
    pub(super) limit: usize,
}

impl OgrRecords {
    /// Reads a layer, which is described by `info`.
    pub(super) fn new(layer: OwnedLayer, info: LayerInfo, opened: Opened) -> Self {
        let Opened {
            names,
            shown,
            texts,
            numbers,
            domains,
            limit,
        } = opened;
        let kinds = layer.defn().fields().map(|field| field.field_type()).collect();
        let widths = layer
            .defn()
            .fields()
            .map(|field| usize::try_from(field.width()).unwrap_or(0))
            .collect();
        let mut columns: Vec<String> = info.columns.into_iter().map(|(column, _)| column).collect();
        let subtypes = domains.subtypes.as_ref();
        let subtype = subtypes.and_then(|kinds| columns.iter().position(|column| *column == kinds.field));
        let coded = Coded::beside(&mut columns, domains);
        Self {
            features: layer.owned_features(),
            names,
            shown,
            stated: info.stated,
            columns,
            coded,
            subtype,
            kinds,
            widths,
            texts,
            numbers,
            limit,
            tally: Tally {
                stated: info.features,
                read: 0,
                skipped: None,
            },
            last: 0,
            text: String::new(),
        }
    }

    /// The layer's name in origins.
    pub(in crate::source) fn shown(&self) -> &str {
        &self.shown
    }

    /// Column names, in layer order.
    pub(in crate::source) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the layer says about its CRS.
    pub(in crate::source) fn stated(&self) -> Stated {
        self.stated.clone()
    }
}

impl Records for OgrRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        let feature = (&mut self.features).next();
        let failure = heed(Some(&self.names));
        let Some(feature) = feature else {
            tell_unknown(&self.shown, &self.columns, &self.coded);
            return self.tally.end(failure, &self.shown, self.last);
        };
        self.tally.read += 1;
        self.last = feature.fid().unwrap_or(self.last + 1);
        if let Some(numbers) = &mut self.numbers {
            // The row of a shapefile's feature is its number.
            numbers.go_to(self.last).map_err(|source| SourceError::Read {
                shown: self.shown.clone(),
                row: self.last,
                source,
            })?;
        }
        let wkb = match (feature.geometry_by_index(0), failure) {
            (Ok(geometry), failure) => {
                // The feature is whole, so it was an earlier one that GDAL passed over.
                self.tally.skipped = self.tally.skipped.take().or(failure);
                batch.dimensions(dimensions(geometry));
                encode(geometry).map(Some)
            }
            (Err(_), failure) => failure.map_or(Ok(None), Err),
        };
        // Asking for a geometry that isn't there counts as a failure with GDAL.
        heed(Some(&self.names));
        let size = wkb.as_ref().map_or(0, |wkb| wkb.as_ref().map_or(0, Vec::len));
        let mut left = self.limit.saturating_sub(size);
        let mut recoded = false;
        let subtype = self
            .subtype
            .and_then(|column| feature.field_as_string(column).ok().flatten());
        for (column, kind) in self.kinds.iter().enumerate() {
            self.text.clear();
            let content = if size <= self.limit {
                content(&feature, column, *kind, &mut self.text)
            } else {
                None
            };
            let Some(content) = content else { continue };
            if let Some(texts) = self.texts.filter(|_| content == Content::Text) {
                recoded |= texts.decode(&mut self.text, self.widths[column]);
            }
            let digits = self.numbers.as_ref().and_then(|numbers| numbers.digits(column));
            let (value, size) = match content {
                Content::Number(_) if let Some(digits) = digits => (whole(digits), digits.len()),
                Content::Number(number) => (number, number.text().len()),
                Content::Date => (native(&self.text), self.text.len()),
                Content::Text => (Value::Text(&self.text), self.text.len()),
            };
            left = left.saturating_sub(size);
            if let Some(coded) = &mut self.coded[column] {
                coded.put(&value.text(), subtype.as_deref(), batch);
            }
            batch.put(column, value);
        }
        if recoded {
            batch.recoded();
        }
        let wkb = match wkb {
            _ if left == 0 => {
                batch.defect(
                    "record",
                    &format!("over {} bytes", self.limit),
                    RejectReason::RecordTooLong,
                );
                None
            }
            Ok(wkb) => wkb,
            Err(why) => {
                batch.defect("geometry", &why, RejectReason::ImpossibleGeometry);
                None
            }
        };
        batch.end_row(self.last, wkb.as_deref());
        Ok(true)
    }
}

/// A whole number, as text where 64 bits can't hold it.
fn whole(digits: &str) -> Value<'_> {
    digits.parse().map_or(Value::Text(digits), Value::Integer)
}

/// Tells of codes outside their domain.
fn tell_unknown(source: &str, columns: &[String], coded: &[Option<Coded>]) {
    for (field, coded) in columns.iter().zip(coded) {
        if let Some(rows) = coded.as_ref().map(|coded| coded.unknown).filter(|rows| *rows > 0) {
            tracing::warn!(
                source,
                field,
                rows,
                "codes that the layer's own domain doesn't have"
            );
        }
    }
}

pub(super) fn dimensions(geometry: &Geometry) -> Dimensions {
    let kind = geometry.geometry_type();
    Dimensions {
        z: geometry_type_has_z(kind),
        m: geometry_type_has_m(kind),
    }
}

/// Little-endian 2-D WKB; the error is why there can be none.
pub(super) fn encode(geometry: &Geometry) -> Result<Vec<u8>, String> {
    let kind = geometry.geometry_type();
    let flat = geometry_type_flatten(kind);
    let failed = |error: gdal::errors::GdalError| error.to_string();
    match flat {
        // Curves too, which whoever decodes makes straight.
        OGRwkbGeometryType::wkbPoint..=OGRwkbGeometryType::wkbMultiSurface => {
            if !geometry_type_has_z(kind) && !geometry_type_has_m(kind) {
                return geometry.iso_wkb().map_err(failed);
            }
            let mut plane = geometry.clone();
            plane.flatten_to_2d();
            plane.iso_wkb().map_err(failed)
        }
        _ => Err(format!("{} is a geometry of faces", geometry_type_to_name(kind))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ogr::init;

    #[test]
    fn heights_go_and_faces_are_refused() {
        init();
        let wkb = |wkt| encode(&Geometry::from_wkt(wkt).unwrap());
        assert_eq!(wkb("POINT ZM (1 2 3 4)").unwrap().len(), 21);
        assert_eq!(
            wkb("CIRCULARSTRING Z (0 0 9, 1 1 9, 2 0 9)").unwrap()[..5],
            [1, 8, 0, 0, 0]
        );
        assert!(wkb("TIN (((0 0,0 1,1 0,0 0)))").unwrap_err().contains("TIN"));
    }
}
