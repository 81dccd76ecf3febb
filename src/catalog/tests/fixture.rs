//! A small release to describe.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef};
use geo::{Rect, coord};

use super::super::*;
use crate::feature::release::ReleaseId;
use crate::feature::{
    LayerId, LayerReport, LayerStatus, ProductDoc, RegionId, RunReport, Standing, TableDoc, TileRecord,
};
use crate::plan::{
    Field, FieldKind, Format, GeometryKind, JurisdictionKind, JurisdictionPlan, LayerPlan, LayerSchema,
    Limits, Location, NaicsUse, Output, SectorPlan, SourcePlan,
};

/// A product with a table.
const PRODUCT: ProductDoc = ProductDoc {
    name: "things",
    places: &[("things/", "things of all kinds")],
    tables: &[TABLE],
};

const TABLE: TableDoc = TableDoc {
    path: "things/<layer>.parquet",
    what: "a thing",
    columns: &[("thing", "what it is")],
};

fn source() -> SourcePlan {
    SourcePlan {
        location: Location::Path("dams.geojson".into()),
        shown: "dams.geojson".into(),
        written: "dams.geojson".into(),
        format: Format::Geojson,
        crs: None,
    }
}

fn field(name: &str, kind: FieldKind, from: &str) -> Field {
    Field {
        description: format!("what {from} says"),
        ..Field::plain(name, kind, &[from])
    }
}

pub(super) fn schema() -> LayerSchema {
    let hazard = Field {
        codes: vec![("H".to_owned(), "High".to_owned())],
        decoded: Some("hazard".to_owned()),
        ..field("hazard_code", FieldKind::Text, "HAZARD")
    };
    let height = Field {
        unit: Some("m".to_owned()),
        ..field("height_m", FieldKind::Number, "DAM_HEIGHT")
    };
    LayerSchema {
        id: "dams".to_owned(),
        title: "Dams".to_owned(),
        description: "Dams of the | inventory".to_owned(),
        agency: "USACE".to_owned(),
        licence: "public domain".to_owned(),
        homepage: Some("https://nid.sec.usace.army.mil".to_owned()),
        synthetic: false,
        unverified: false,
        key: vec!["nid".to_owned()],
        geometry: GeometryKind::Point,
        crs: None,
        excludes: vec![],
        key_repeated: vec![],
        keeps_last: false,
        max_rejects: 0.1,
        handling: "TLP:CLEAR".to_owned(),
        sector: SectorPlan {
            code: "DAMS".to_owned(),
            subsector: None,
            also: Vec::new(),
            lifeline: None,
            naics: NaicsUse::Ignore,
            rules: Vec::new(),
        },
        fields: vec![field("name", FieldKind::Text, "DAM_NAME"), hazard, height],
    }
}

pub(crate) fn plan() -> Plan {
    let schema = Arc::new(schema());
    let layer = |id: &str| LayerPlan {
        id: LayerId::new(id),
        schema: Arc::clone(&schema),
        source: source(),
        inventory: true,
        current_days: 365,
        gate: crate::plan::GatePlan::default(),
    };
    Plan {
        id: "demo".to_owned(),
        title: "Demo".to_owned(),
        description: String::new(),
        store: "out".into(),
        keep_days: None,
        keep: 3,
        limits: Limits {
            record_bytes: 1,
            batch_rows: 1,
            rows: None,
            archive_bytes: 1,
            isolate: false,
            read: std::time::Duration::MAX,
        },
        memory_bytes: None,
        fetch_s: 1,
        output: Output {
            tile_rows: 1,
            group_rows: 1,
            page_rows: 1,
            zstd_level: 3,
            base_url: None,
        },
        formats: BTreeMap::new(),
        reference: Arc::default(),
        products: ["inventory", "changes", "sectors", "quality"]
            .map(str::to_owned)
            .to_vec(),
        jurisdictions: vec![JurisdictionPlan {
            id: "district".to_owned(),
            kind: JurisdictionKind::shipped("other").unwrap(),
            parent: None,
            overlaps: false,
            vintage: "2023".to_owned(),
            source: source(),
            code: "ID".to_owned(),
            name: None,
            nearest_m: 0.0,
            agency: "NOAA".to_owned(),
            licence: "public domain".to_owned(),
        }],
        layers: vec![layer("dams"), layer("levees")],
        expected: None,
    }
}

pub(crate) fn layer_report(id: &str, status: LayerStatus) -> LayerReport {
    let reason = "the source is empty".to_owned();
    let standing = match status {
        LayerStatus::Published => Standing::made(),
        LayerStatus::Carried => Standing::Carried {
            reason,
            from: ReleaseId::parse("2026-11-01").ok(),
            days: Some(21),
        },
        LayerStatus::Absent => Standing::Absent { reason },
    };
    LayerReport {
        source: "dams.geojson".to_owned(),
        rows_read: 5,
        rows_written: 4,
        rows_rejected: 1,
        rejects_by_reason: [("no_key".to_owned(), 1)].into(),
        bytes_in: 1,
        bytes_out: 1,
        tiles: 2,
        ..LayerReport::new(LayerId::new(id), standing)
    }
}

pub(crate) fn run_report(dams: LayerStatus) -> RunReport {
    RunReport {
        version: 1,
        release: ReleaseId::parse("2026-11-22").unwrap(),
        pipeline: "demo".to_owned(),
        title: "Demo".to_owned(),
        base_url: None,
        cikr_version: "0.1.0".to_owned(),
        started: "2026-11-22T03:00:00Z".to_owned(),
        seconds: 1.0,
        peak_memory_bytes: None,
        layers: vec![
            layer_report("dams", dams),
            layer_report("levees", LayerStatus::Absent),
        ],
        jurisdictions: Vec::new(),
        inventory_rows: 4,
        inventory_bytes: 1,
        products: None,
        frozen: None,
        quality: None,
    }
}

/// A tile of three rows in `base/folder/region=…`, with an extent of `width` × 1 degree.
pub(super) fn tile(base: &str, folder: &str, region: Option<&str>, width: f64) -> TileRecord {
    let region = RegionId::new(region);
    TileRecord {
        collection: base.rsplit('/').next().unwrap().to_owned(),
        path: PathBuf::from(format!("{base}/{folder}/region={region}/part-000.parquet")),
        region,
        ordinal: 0,
        rows: 3,
        bytes: 1_000,
        sha256: "ab".repeat(32),
        extent: Rect::new(coord! {x: -100.0, y: 30.0}, coord! {x: -100.0 + width, y: 31.0}),
        geometry_types: vec!["Point".to_owned()],
    }
}

pub(super) fn arrow_schema() -> SchemaRef {
    let names = dictionary(&plan(), Some(&schema()))
        .into_iter()
        .map(|doc| doc.name)
        .collect::<Vec<_>>();
    Arc::new(Schema::new(
        names
            .iter()
            .map(|name| ArrowField::new(name, DataType::Utf8, true))
            .collect::<Vec<_>>(),
    ))
}

/// Digest of the data of the release.
pub(super) const DATA_SHA256: &str = "76475c859bcb4b7c3a15c8a4ad9a5f3d0ed96a9ac1bb2b4fd0d7c6aa4d8d5a01";

/// A table of the product, and the membership of sector classes.
pub(super) fn tables() -> Vec<TableFile> {
    let table = |path: &str, doc: Option<TableDoc>, column: ArrowField| TableFile {
        path: path.to_owned(),
        sha256: "cd".repeat(32),
        schema: Arc::new(Schema::new(vec![column])),
        doc,
    };
    vec![
        table(
            "things/dams.parquet",
            Some(TABLE),
            ArrowField::new("thing", DataType::UInt64, true),
        ),
        table(
            paths::SECTOR_MEMBERSHIP,
            None,
            ArrowField::new("sector_class", DataType::Utf8, true),
        ),
    ]
}

/// What a release of these collections and tables holds.
pub(super) fn contents<'a>(collections: &'a [Collection<'a>], tables: &'a [TableFile]) -> Contents<'a> {
    Contents {
        collections,
        products: &[PRODUCT],
        tables,
        data_sha256: DATA_SHA256,
    }
}

/// The files of a release with dams in two regions (crossing into one) and an inventory without tiles.
pub(super) fn release(dams: LayerStatus) -> Vec<(PathBuf, Vec<u8>)> {
    let (plan, report) = (plan(), run_report(dams));
    let tiles = [
        tile("layers/dams", "data", Some("R06"), 2.0),
        tile("layers/dams", "data", None, 0.0),
        tile("layers/dams", "crossing", Some("R06"), 1.0),
    ];
    let collections = [
        Collection::inventory(&plan, arrow_schema(), &[]),
        Collection::of_layer(&plan, &plan.layers[0], &report.layers[0], arrow_schema(), &tiles),
    ];
    describe_release(&plan, &report, &contents(&collections, &tables())).unwrap()
}
