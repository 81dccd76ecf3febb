//! A layer's *fingerprint*: a digest that stands for all that its files follow from.

use serde::Serialize;

use super::arrival::Arrival;
use super::jurisdictions::SetSource;
use crate::feature::Landed;
use crate::feature::digest::sha256_hex;
use crate::plan::{JurisdictionPlan, LayerPlan, Output, Plan};

/// To be raised when the same source and plan give other files than before within one version.
const GENERATION: u32 = 8;

/// Everything but the source that a layer's files follow from.
///
/// Not in it, since they change no byte (law 3): memory, threads, the size of batches, and
/// which products are wanted.
#[derive(Serialize)]
struct Basis<'a> {
    generation: u32,
    version: &'static str,
    layer: &'a LayerPlan,
    limits: (usize, u64, Option<u64>),
    output: &'a Output,
    jurisdictions: &'a [JurisdictionPlan],
    /// Digests of the polygon sets and of the reference tables.
    tables: &'a [String],
}

/// Tells the fingerprints of layers.
pub(super) struct Fingerprints<'a> {
    plan: &'a Plan,
    /// Digests of the polygon sets and of the reference tables.
    tables: Vec<String>,
}

impl<'a> Fingerprints<'a> {
    pub(super) fn new(plan: &'a Plan, sets: &[SetSource]) -> Self {
        let mut tables: Vec<String> = sets.iter().map(|set| landed_name(&set.landed)).collect();
        tables.push(digest_of(&*plan.reference));
        Self { plan, tables }
    }

    /// That of the layer with this number; none where it hasn't landed.
    pub(super) fn of_layer(&self, index: usize, arrival: &Arrival) -> Option<String> {
        let landed = arrival.landed()?;
        let limits = &self.plan.limits;
        let basis = Basis {
            generation: GENERATION,
            version: env!("CARGO_PKG_VERSION"),
            layer: &self.plan.layers[index],
            limits: (limits.record_bytes, limits.archive_bytes, limits.rows),
            output: &self.plan.output,
            jurisdictions: &self.plan.jurisdictions,
            tables: &self.tables,
        };
        Some(digest_of(&(basis, landed_name(landed))))
    }
}

/// SHA-256 of a value as JSON, which only its data shape: what a value looks like to whoever debugs it may change with any
/// release of the compiler.
pub(super) fn digest_of(value: &impl Serialize) -> String {
    let json =
        serde_json::to_vec(value).expect("plans, tables and lists have text keys only, so they serialize");
    sha256_hex(&json)
}

/// Digest and extension: the same bytes may be opened as two formats.
fn landed_name(landed: &Landed) -> String {
    landed
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
