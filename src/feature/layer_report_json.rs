//! A layer's report as JSON: flat, in the order and with the names that `report.json` has had from its first version on.
//!
//! LEAF. What a report is in the program may be ordered otherwise; what stands in releases may not.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::changes::LayerChanges;
use super::gate::{GateReport, SourceProfile};
use super::ids::LayerId;
use super::link::LinkCount;
use super::outcome::{FieldCounts, LayerReport, LocationCounts};
use super::raw::Repairs;
use super::release::ReleaseId;
use super::standing::{LayerStatus, Standing};

// No version has written a failed layer without a reason. A report that lacks it all the same was written by somebody else,
// and its layer still has rows: to refuse it would cost the night a whole release to build on.

/// Why a layer failed, where its report doesn't say.
const NO_REASON: &str = "no reason was recorded";

// Every field that came after the first version has a default, so that the reports of earlier releases still read.

/// The members of a layer's report, in their order.
#[derive(Serialize, Deserialize)]
struct FlatLayerReport {
    id: LayerId,
    status: LayerStatus,
    reason: Option<String>,
    carried_from: Option<ReleaseId>,
    #[serde(default)]
    carried_days: Option<i64>,
    #[serde(default)]
    unchanged_since: Option<ReleaseId>,
    #[serde(default)]
    fingerprint: Option<String>,
    #[serde(default)]
    unverified: bool,
    source: String,
    #[serde(default)]
    insecure_tls: bool,
    source_sha256: Option<String>,
    landed_at: Option<String>,
    rows_read: u64,
    rows_written: u64,
    rows_rejected: u64,
    rejects_by_reason: BTreeMap<String, u64>,
    bytes_in: u64,
    bytes_out: u64,
    #[serde(default)]
    national_bytes: Option<u64>,
    seconds: f64,
    tiles: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    rows_crossing: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    links: Vec<LinkCount>,
    #[serde(default, skip_serializing_if = "is_zero")]
    slivers: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    ties: u64,
    located: LocationCounts,
    rows_by_state: BTreeMap<String, u64>,
    fields: BTreeMap<String, FieldCounts>,
    fields_missing: Vec<String>,
    #[serde(default)]
    fields_empty: Vec<String>,
    #[serde(default)]
    dropped_z: u64,
    #[serde(default)]
    dropped_m: u64,
    #[serde(default)]
    recoded: u64,
    #[serde(default)]
    requoted: u64,
    #[serde(default)]
    unwrapped: u64,
    #[serde(default)]
    not_numbers: u64,
    #[serde(default)]
    dropped_parts: u64,
    #[serde(default)]
    mended_parts: u64,
    #[serde(default)]
    straightened: u64,
    #[serde(default)]
    generalised: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<String>,
    #[serde(default)]
    flags: BTreeMap<String, BTreeMap<String, u64>>,
    #[serde(default)]
    flags_truncated: Vec<String>,
    #[serde(default)]
    gate: Option<GateReport>,
    #[serde(default)]
    profile: Option<SourceProfile>,
    #[serde(default)]
    changes: Option<LayerChanges>,
    #[serde(default)]
    not_compared: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Serialize for LayerReport {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        FlatLayerReport::from(self.clone()).serialize(out)
    }
}

impl<'de> Deserialize<'de> for LayerReport {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        FlatLayerReport::deserialize(input).map(Self::from)
    }
}

impl FlatLayerReport {
    /// What the members beside the status mean under it. Those that mean nothing there are left out: no version has
    /// written them.
    fn take_standing(&mut self) -> Standing {
        let reason = self.reason.take();
        match self.status {
            LayerStatus::Published => Standing::Published {
                unchanged_since: self.unchanged_since.take(),
            },
            LayerStatus::Carried => Standing::Carried {
                reason: reason.unwrap_or_else(|| NO_REASON.to_owned()),
                from: self.carried_from.take(),
                days: self.carried_days,
            },
            LayerStatus::Absent => Standing::Absent {
                reason: reason.unwrap_or_else(|| NO_REASON.to_owned()),
            },
        }
    }
}

impl From<LayerReport> for FlatLayerReport {
    fn from(report: LayerReport) -> Self {
        Self {
            status: report.status(),
            reason: report.reason().map(str::to_owned),
            carried_from: report.carried_from().cloned(),
            carried_days: report.carried_days(),
            unchanged_since: report.unchanged_since().cloned(),
            id: report.id,
            fingerprint: report.fingerprint,
            unverified: report.unverified,
            source: report.source,
            insecure_tls: report.insecure_tls,
            source_sha256: report.source_sha256,
            landed_at: report.landed_at,
            rows_read: report.rows_read,
            rows_written: report.rows_written,
            rows_rejected: report.rows_rejected,
            rejects_by_reason: report.rejects_by_reason,
            bytes_in: report.bytes_in,
            bytes_out: report.bytes_out,
            national_bytes: report.national_bytes,
            seconds: report.seconds,
            tiles: report.tiles,
            rows_crossing: report.rows_crossing,
            links: report.links,
            slivers: report.slivers,
            ties: report.ties,
            located: report.located,
            rows_by_state: report.rows_by_state,
            fields: report.fields,
            fields_missing: report.fields_missing,
            fields_empty: report.fields_empty,
            dropped_z: report.repairs.dropped_z,
            dropped_m: report.repairs.dropped_m,
            recoded: report.repairs.recoded,
            requoted: report.repairs.requoted,
            unwrapped: report.repairs.unwrapped,
            not_numbers: report.repairs.not_numbers,
            dropped_parts: report.repairs.dropped_parts,
            mended_parts: report.repairs.mended_parts,
            straightened: report.repairs.straightened,
            generalised: report.repairs.generalised,
            doubts: report.doubts,
            flags: report.flags,
            flags_truncated: report.flags_truncated,
            gate: report.gate,
            profile: report.profile,
            changes: report.changes,
            not_compared: report.not_compared,
        }
    }
}

impl From<FlatLayerReport> for LayerReport {
    fn from(mut flat: FlatLayerReport) -> Self {
        let standing = flat.take_standing();
        Self {
            id: flat.id,
            standing,
            fingerprint: flat.fingerprint,
            unverified: flat.unverified,
            source: flat.source,
            insecure_tls: flat.insecure_tls,
            source_sha256: flat.source_sha256,
            landed_at: flat.landed_at,
            rows_read: flat.rows_read,
            rows_written: flat.rows_written,
            rows_rejected: flat.rows_rejected,
            rejects_by_reason: flat.rejects_by_reason,
            bytes_in: flat.bytes_in,
            bytes_out: flat.bytes_out,
            national_bytes: flat.national_bytes,
            seconds: flat.seconds,
            tiles: flat.tiles,
            rows_crossing: flat.rows_crossing,
            links: flat.links,
            slivers: flat.slivers,
            ties: flat.ties,
            located: flat.located,
            rows_by_state: flat.rows_by_state,
            fields: flat.fields,
            fields_missing: flat.fields_missing,
            fields_empty: flat.fields_empty,
            repairs: Repairs {
                dropped_z: flat.dropped_z,
                dropped_m: flat.dropped_m,
                recoded: flat.recoded,
                requoted: flat.requoted,
                unwrapped: flat.unwrapped,
                not_numbers: flat.not_numbers,
                dropped_parts: flat.dropped_parts,
                mended_parts: flat.mended_parts,
                straightened: flat.straightened,
                generalised: flat.generalised,
            },
            doubts: flat.doubts,
            flags: flat.flags,
            flags_truncated: flat.flags_truncated,
            gate: flat.gate,
            profile: flat.profile,
            changes: flat.changes,
            not_compared: flat.not_compared,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::feature::RunReport;

    /// As version 0.1.0 wrote it while a report in the program was as flat as its JSON, but for `overlap`, which was called
    /// otherwise: a layer made, one unchanged, one
    /// carried, one absent. Counts of repairs and doubts of the first are made up, so that each is there and differs.
    const REPORT: &str = include_str!("tests/report.json");

    fn report() -> RunReport {
        serde_json::from_str(REPORT).unwrap()
    }

    /// A layer of it, as JSON.
    fn layer(place: usize) -> Value {
        serde_json::from_str::<Value>(REPORT).unwrap()["layers"][place].take()
    }

    fn read(layer: &Value) -> LayerReport {
        serde_json::from_value(layer.clone()).unwrap()
    }

    #[test]
    fn a_report_is_written_as_it_stands_in_releases() {
        let mut text = serde_json::to_string_pretty(&report()).unwrap();
        text.push('\n');
        assert_eq!(text, REPORT);
    }

    #[test]
    fn what_earlier_versions_counted_by_a_point_still_reads() {
        let written = REPORT.replace("\"overlap\": 0", "\"representative_point\": 7");
        let report: RunReport = serde_json::from_str(&written).unwrap();
        assert_eq!(report.layers[0].located.overlap, 7);
    }

    #[test]
    fn each_status_has_what_it_tells() {
        let before = ReleaseId::parse("20261130T141717465Z").unwrap();
        let standings: Vec<Standing> = report().layers.into_iter().map(|layer| layer.standing).collect();
        assert_eq!(
            standings,
            [
                Standing::made(),
                Standing::Published {
                    unchanged_since: Some(before.clone())
                },
                Standing::Carried {
                    reason: "the layer failed: cannot read the source: stale.csv should be delimited text but looks like \
                             an HTML page: look into it, then fix the download or the pipeline's `source`"
                        .to_owned(),
                    from: Some(before),
                    days: Some(0),
                },
                Standing::Absent {
                    reason: "cannot land the source: there is no gone.csv".to_owned()
                },
            ]
        );
    }

    #[test]
    fn each_repair_is_counted_under_its_name() {
        let repairs = Repairs {
            dropped_z: 1,
            dropped_m: 2,
            recoded: 3,
            requoted: 4,
            unwrapped: 5,
            not_numbers: 6,
            dropped_parts: 7,
            mended_parts: 8,
            straightened: 9,
            generalised: 10,
        };
        assert_eq!(report().layers[0].repairs, repairs);
    }

    #[test]
    fn a_layer_of_the_first_version_reads() {
        let mut first = layer(2);
        let members = first.as_object_mut().unwrap();
        for later in [
            "carried_days",
            "unchanged_since",
            "fingerprint",
            "unverified",
            "insecure_tls",
            "national_bytes",
            "fields_empty",
            "dropped_z",
            "dropped_m",
            "recoded",
            "requoted",
            "unwrapped",
            "not_numbers",
            "dropped_parts",
            "mended_parts",
            "straightened",
            "generalised",
            "flags",
            "flags_truncated",
            "gate",
            "profile",
            "changes",
            "not_compared",
        ] {
            assert!(members.remove(later).is_some(), "{later}");
        }
        let read = read(&first);
        assert_eq!(
            (
                read.status(),
                read.carried_from().map(ReleaseId::as_str),
                read.carried_days()
            ),
            (LayerStatus::Carried, Some("20261130T141717465Z"), None)
        );
        assert_eq!((read.rows_written, read.repairs), (2, Repairs::default()));
        first.as_object_mut().unwrap().remove("rows_written").unwrap();
        let error = serde_json::from_value::<LayerReport>(first).unwrap_err();
        assert_eq!(error.to_string(), "missing field `rows_written`");
    }

    #[test]
    fn what_no_version_has_written_is_read_for_what_it_may_mean() {
        let mut stale = layer(2);
        stale["reason"] = Value::Null;
        stale["carried_from"] = Value::Null;
        stale["unchanged_since"] = json!("20261101T030000000Z");
        let carried = Standing::Carried {
            reason: NO_REASON.to_owned(),
            from: None,
            days: Some(0),
        };
        assert_eq!(read(&stale).standing, carried);
        let mut gone = layer(3);
        gone.as_object_mut().unwrap().remove("reason").unwrap();
        let absent = Standing::Absent {
            reason: NO_REASON.to_owned(),
        };
        assert_eq!(read(&gone).standing, absent);
        let mut made = layer(0);
        made["reason"] = json!("none, it was made");
        made["carried_from"] = json!("20261101T030000000Z");
        assert_eq!(read(&made).standing, Standing::made());
    }

    #[test]
    fn a_status_that_nobody_knows_is_an_error_that_names_it() {
        let unknown = REPORT.replacen("\"status\": \"absent\"", "\"status\": \"lost\"", 1);
        let error = serde_json::from_str::<RunReport>(&unknown).unwrap_err();
        assert!(
            error.to_string().starts_with(
                "unknown variant `lost`, expected one of `published`, `carried`, `absent` at line "
            ),
            "{error}"
        );
    }
}
