//! Laws of a row store: what goes in comes out, whatever the budget, in memory and in the file.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch, StringArray};

use super::*;
use crate::engine::Room;
use crate::feature::scratch_in_memory::Memory;

/// Rows `from..to` of a layer: every third in no region, the others in R01 or R02, each batch with a dictionary of its own.
fn rows(from: u32, to: u32) -> StageRows {
    let ids = StringArray::from_iter_values((from..to).map(|row| format!("dams:{row:05}")));
    let codes: Vec<Option<&str>> = (from..to)
        .map(|row| [None, Some("R02"), Some("R01")][row as usize % 3])
        .collect();
    let codes: DictionaryArray<Int32Type> = codes.into_iter().collect();
    let columns = [
        ("facility_id", Arc::new(ids) as ArrayRef),
        ("region_code", Arc::new(codes) as ArrayRef),
    ];
    let centres = (from..to)
        .map(|row| [f64::from(row % 97), f64::from(row)])
        .collect();
    let points = (from..to).map(|row| [f64::from(row), 0.5]).collect();
    let rows = FacilityRows::try_new(RecordBatch::try_from_iter(columns).unwrap()).unwrap();
    StageRows::try_new(rows, centres, points).unwrap()
}

fn filled(budget: usize) -> LocalRows {
    let mut store = LocalRows::new(&Room::new(budget, Memory));
    for batch in 0..40 {
        store.push(rows(batch * 500, (batch + 1) * 500)).unwrap();
    }
    store.seal().unwrap();
    store
}

fn spots(store: &LocalRows, region: Option<&RegionId>, stands: SpotPlace) -> Vec<Spot> {
    let mut spots = Vec::new();
    store
        .each_spot(region, stands, &mut |spot| spots.push(spot))
        .unwrap();
    assert_eq!(spots.len() as u64, store.rows_in(region));
    spots
}

/// Ids, regions and places of all rows, in the order of their ids.
fn told(store: &LocalRows, stands: SpotPlace) -> Vec<(String, String, [f64; 2])> {
    let mut told = Vec::new();
    for region in store.regions() {
        let spots = spots(store, Some(&region), stands);
        let taken = store.take_rows(&spots, None).unwrap();
        let [ids, codes] = [taken.ids(), taken.regions()].map(Option::unwrap);
        for (row, spot) in spots.iter().enumerate() {
            let code = RegionId::new(codes.value(row));
            assert_eq!(code, region);
            told.push((
                ids.value(row).unwrap().to_owned(),
                code.to_string(),
                [spot.x, spot.y],
            ));
        }
    }
    told.sort_by(|a, b| a.0.cmp(&b.0));
    told
}

#[test]
fn a_store_gives_back_what_it_took_whatever_the_budget() {
    let whole = filled(usize::MAX / 2);
    assert_eq!((whole.rows_in(None), whole.regions().len()), (20_000, 3));
    let expected = told(&whole, SpotPlace::AtCentre);
    assert_eq!(expected.len(), 20_000);
    assert_eq!(
        expected[7],
        ("dams:00007".to_owned(), "R02".to_owned(), [7.0, 7.0])
    );
    for budget in [0, 200_000, 1_000_000] {
        let store = filled(budget);
        assert!(told(&store, SpotPlace::AtCentre) == expected, "budget {budget}");
        assert!(
            told(&store, SpotPlace::AtPoint) == told(&whole, SpotPlace::AtPoint),
            "budget {budget}"
        );
    }
}

#[test]
fn rows_without_ids_are_refused() {
    let nowhere = vec![[0.0, 0.0]];
    let without = rows(0, 1).rows().clone().without_column("facility_id");
    let told = StageRows::try_new(without, nowhere.clone(), nowhere).unwrap_err();
    assert_eq!(told.to_string(), "no column `facility_id`, which is to be Utf8");
}

#[test]
fn columns_are_taken_by_name() {
    let store = filled(0);
    let spots = spots(&store, Some(&RegionId::new(None)), SpotPlace::AtCentre);
    let taken = store
        .take_rows(&spots[..3], Some(&["facility_id", "absent"]))
        .unwrap();
    assert_eq!((taken.num_rows(), taken.as_batch().num_columns()), (3, 1));
    assert_eq!(store.take_rows(&[], None).unwrap().num_rows(), 0);
}
