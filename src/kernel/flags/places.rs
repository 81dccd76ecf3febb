//! Claimed against computed: county and state.

use arrow_array::{Array, RecordBatch, StringArray};

use crate::feature::{FlagCode, RowFlag, Texts};
use crate::kernel::CodedArray;
use crate::kernel::locate::{JoinContext, Located};

/// Flags of rows whose claimed county or state isn't the computed one.
///
/// `detail` is `claimed → computed`, with `none` for a row outside every polygon.
pub fn mismatches(columns: &RecordBatch, located: &Located, join: &JoinContext) -> Vec<RowFlag> {
    let mut flags = Vec::new();
    if located.counts.county_mismatch > 0 {
        let claimed = texts(columns, "county_fips_claimed");
        differ(&mut flags, "county_fips_claimed", claimed, &located.county_fips, FlagCode::CountyMismatch);
    }
    if join.knows_states() {
        let claimed = texts(columns, "state_code_claimed");
        differ(&mut flags, "state_code_claimed", claimed, &located.state_code, FlagCode::StateMismatch);
    }
    flags
}

fn texts<'a>(columns: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    columns.column_by_name(name)?.as_any().downcast_ref()
}

fn differ(
    flags: &mut Vec<RowFlag>,
    field: &str,
    claimed: Option<&StringArray>,
    computed: &CodedArray,
    code: FlagCode,
) {
    let computed = Texts::of(computed).expect("computed codes are text");
    for (index, (claimed, computed)) in claimed.into_iter().flatten().zip(computed.iter()).enumerate() {
        let Some(claimed) = claimed.filter(|claimed| Some(*claimed) != computed) else { continue };
        flags.push(RowFlag {
            index,
            field: field.to_owned(),
            value: claimed.to_owned(),
            code,
            detail: format!("{claimed} → {}", computed.unwrap_or("none")),
        });
    }
}
