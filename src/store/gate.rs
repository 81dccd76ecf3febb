//! What the gate held back, and what analysts have accepted: `<store>/gate/<layer>.json`.
//!
//! Records only; what they mean is `run`'s affair.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::lock::Lock;
use super::{Store, check_name, disk, record};
use crate::feature::{Acceptance, Withheld};

/// What the store knows of a layer's gate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GateRecord {
    version: u32,
    /// What is held back now; none once the layer is published again.
    pub held: Option<Withheld>,
    /// Everything that was ever accepted, oldest first.
    pub acceptances: Vec<Acceptance>,
}

impl Store {
    /// The record of a layer; an empty one where there is none, or, with a warning, where it is damaged: what it held back
    /// is judged again, what it let through is asked for again.
    ///
    /// # Errors
    /// The layer's name is none for a file.
    pub fn gate_record(&self, layer: &str) -> Result<GateRecord, StoreError> {
        Ok(record::read_sound(&self.gate_path(layer)?).unwrap_or_default())
    }

    /// Replaces the record of a layer, whole or not at all.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn put_gate_record(&self, _lock: &Lock, layer: &str, new: &GateRecord) -> Result<(), StoreError> {
        let path = self.gate_path(layer)?;
        let new = GateRecord {
            version: record::VERSION,
            ..new.clone()
        };
        disk::put_file(&self.work(), &path, &record::to_json(&new))
    }

    fn gate_path(&self, layer: &str) -> Result<PathBuf, StoreError> {
        check_name("layer", layer)?;
        Ok(self.root.join("gate").join(format!("{layer}.json")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{fault, fixture};
    use super::*;

    fn accepted(reason: &str) -> Acceptance {
        Acceptance {
            sha256: Some("abc".to_owned()),
            by: "ana".to_owned(),
            at: "2026-01-05T03:00:00Z".to_owned(),
            reason: reason.to_owned(),
            held: None,
            used_by: None,
        }
    }

    #[test]
    fn a_record_is_kept_and_replaced() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        assert_eq!(store.gate_record("dams").unwrap(), GateRecord::default());
        let mut record = GateRecord {
            acceptances: vec![accepted("moved")],
            ..GateRecord::default()
        };
        store.put_gate_record(&lock, "dams", &record).unwrap();
        assert_eq!(store.gate_record("dams").unwrap().acceptances, record.acceptances);
        record.acceptances.push(accepted("again"));
        store.put_gate_record(&lock, "dams", &record).unwrap();
        assert_eq!(store.gate_record("dams").unwrap().acceptances.len(), 2);
        assert_eq!(store.gate_record("dikes").unwrap(), GateRecord::default());
        assert!(matches!(
            store.gate_record("../dams"),
            Err(StoreError::BadName { .. })
        ));
        std::fs::write(store.root().join("gate/dams.json"), "{").unwrap();
        assert_eq!(
            store.gate_record("dams").unwrap(),
            GateRecord::default(),
            "damaged"
        );
    }

    /// A record cut short at any step is the old one or the new one.
    #[test]
    fn a_record_is_whole_or_the_one_before() {
        for step in 0.. {
            let (_folder, store) = fixture::store();
            let lock = store.lock().unwrap();
            let old = GateRecord {
                acceptances: vec![accepted("old")],
                ..GateRecord::default()
            };
            let new = GateRecord {
                acceptances: vec![accepted("new")],
                ..GateRecord::default()
            };
            store.put_gate_record(&lock, "dams", &old).unwrap();
            let (_, is_cut) = fault::after(step, || store.put_gate_record(&lock, "dams", &new));
            let kept = store.gate_record("dams").unwrap().acceptances;
            assert!(
                kept == old.acceptances || kept == new.acceptances,
                "step {step}: {kept:?}"
            );
            if !is_cut {
                assert_eq!(kept, new.acceptances);
                assert!(step > 3, "{step} steps");
                break;
            }
        }
    }
}
