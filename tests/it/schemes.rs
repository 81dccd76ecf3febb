//! Every facility has a place in every sector scheme, or a reason; `verify` finds those that have not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use arrow_array::{Array, BooleanArray, RecordBatch, StringArray};

use crate::program::{Folder, POINTS_LAYER, ROOT, by_id};

/// Facility, scheme → rows of code, lead agency, reason, basis; the primary first.
type Places = BTreeMap<(String, String), Vec<[Option<String>; 4]>>;

fn texts(table: &RecordBatch, name: &str) -> StringArray {
    table
        .column_by_name(name)
        .unwrap()
        .as_any()
        .downcast_ref::<StringArray>()
        .unwrap()
        .clone()
}

/// The places of a layer's facilities, by way of their classes.
pub(crate) fn places(release: &Path, layer: &str) -> Places {
    let table = cikr::geoparquet::read(&release.join(MEMBERSHIP), None).unwrap();
    let columns =
        ["sector_class", "scheme", "code", "lead_agency", "reason", "basis"].map(|n| texts(&table, n));
    let primary: &BooleanArray = table
        .column_by_name("is_primary")
        .unwrap()
        .as_any()
        .downcast_ref()
        .unwrap();
    let cell = |at: usize, row: usize| {
        columns[at]
            .is_valid(row)
            .then(|| columns[at].value(row).to_owned())
    };
    let mut of_class = Places::new();
    for row in 0..table.num_rows() {
        let key = (cell(0, row).unwrap(), cell(1, row).unwrap());
        let rows = of_class.entry(key).or_default();
        assert_eq!(
            primary.value(row),
            rows.is_empty(),
            "the primary row comes first, and once"
        );
        rows.push([2, 3, 4, 5].map(|at| cell(at, row)));
    }
    let classes = by_id(&release.join("layers").join(layer), "sector_class");
    let of_facility = |(id, class): (String, Option<String>)| {
        let class = class.unwrap();
        assert!(
            class.starts_with(&format!("{layer}:")) && class.len() == layer.len() + 13,
            "{class}"
        );
        let places = of_class.iter().filter(move |((of, _), _)| *of == class);
        places
            .map(move |((_, scheme), rows)| ((id.clone(), scheme.clone()), rows.clone()))
            .collect::<Vec<_>>()
    };
    classes.into_iter().flat_map(of_facility).collect()
}

const MEMBERSHIP: &str = "links/sector_membership.parquet";
const SCHEMES: [&str; 7] = ["2003", "2006", "2009", "2013", "2024", "lifeline", "ncf"];

/// Food plants, a dam and a school, told apart by their NAICS code.
pub(crate) fn food() -> Folder {
    let folder = Folder::new();
    folder.schema("points", "point", "").pipeline(POINTS_LAYER);
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    let (head, tail) = schema.split_once("[sector]").expect("the schema has a sector");
    let fields = &tail[tail.find("[[field]]").unwrap()..];
    let sector = "[sector]\ncode = \"FOAG\"\nnaics = \"decide\"\n\n";
    let naics = "\n[[field]]\nname = \"naics_code\"\nfrom = [\"NAICS\"]\ndescription = \"NAICS\"\n";
    folder.write("schemas/points.toml", format!("{head}{sector}{fields}{naics}"));
    folder.write(
        "points.csv",
        "ID,NAME,COUNTYFIPS,BEDS,LON,LAT,NAICS\n1,Meat,,,-95,35,311611\n2,Dairy,,,-95,35,311511\n3,Unknown,,,-85,35,\n4,School,,,-85,36,611110\n5,Refinery,,,-85,37,324110\n",
    );
    folder
}

fn code<'p>(
    places: &'p Places,
    facility: &str,
    scheme: &str,
) -> (Option<&'p str>, &'p [[Option<String>; 4]]) {
    let rows = &places[&(format!("points:{facility}"), scheme.to_owned())];
    (rows[0][0].as_deref(), rows)
}

#[test]
fn a_row_is_placed_by_what_it_says() {
    let folder = food();
    folder.run().code(0);
    let places = places(&folder.latest(), "points");
    let found = |facility, scheme| code(&places, facility, scheme).0;
    assert_eq!(places.len(), 5 * SCHEMES.len());
    assert_eq!(
        (found("1", "2003"), found("2", "2003")),
        (Some("FOOD_MEAT"), Some("FOOD_OTHER"))
    );
    let (unknown, rows) = code(&places, "3", "2003");
    assert_eq!(unknown, None);
    assert!(rows[0][2].as_deref().unwrap().contains("NAICS code"), "{rows:?}");
    assert_eq!(found("3", "2024"), Some("FOAG"));
    // The layer says food, the NAICS code another sector: the first stays as a second membership.
    let (school, rows) = code(&places, "4", "2009");
    assert_eq!(
        (school, rows[0][1].as_deref()),
        (Some("GOVF_EDUC"), Some("Department of Education"))
    );
    assert_eq!(found("4", "2003"), None);
    assert_eq!(found("4", "ncf"), Some("EDUCATE"));
    let (refinery, rows) = code(&places, "5", "2024");
    assert_eq!(
        (refinery, rows.len(), rows[1][0].as_deref()),
        (Some("ENER"), 2, Some("FOAG"))
    );
    assert_eq!(
        (found("5", "ncf"), found("5", "lifeline")),
        (Some("REFINE_FUELS"), Some("Energy/Fuel"))
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_facility_without_a_place_is_found() {
    let folder = food();
    folder.run().code(0);
    let links = folder.latest().join(MEMBERSHIP);
    let table = cikr::geoparquet::read(&links, None).unwrap();
    let short = table.slice(1, table.num_rows() - 1);
    let mut bytes = Vec::new();
    cikr::geoparquet::write_table(
        &short,
        &[],
        &cikr::geoparquet::WriteOptions::default(),
        &mut bytes,
    )
    .unwrap();
    fs::remove_file(&links).unwrap();
    fs::write(&links, bytes).unwrap();
    let found = folder.cikr(&["verify", "store"]).code(7).stdout;
    assert!(found.contains("0 primary rows in `2003`, not one"), "{found}");
    fs::remove_file(&links).unwrap();
    let found = folder.cikr(&["verify", "store"]).code(7).stdout;
    assert!(found.contains("the links can't be read"), "{found}");
}

#[test]
fn a_release_of_before_the_links_is_sound() {
    let folder = food();
    folder.run().code(0);
    let copy = folder.path().join("copy");
    copy_folder(&folder.latest(), &copy);
    let manifest = copy.join("manifest.json");
    let mut content: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    // As such releases were: they weren't cited by their data, either.
    let new_files = [
        "reference/sector_schemes.parquet",
        "CITATION.cff",
        "datapackage.json",
    ];
    let is_new = |path: &str| path.starts_with("links/") || new_files.contains(&path);
    let is_old = |file: &serde_json::Value| !is_new(file["path"].as_str().unwrap());
    content["files"].as_array_mut().unwrap().retain(is_old);
    fs::write(&manifest, content.to_string()).unwrap();
    fs::remove_dir_all(copy.join("links")).unwrap();
    for file in new_files {
        fs::remove_file(copy.join(file)).unwrap();
    }
    folder.cikr(&["verify", "copy"]).code(0);
    // Schemes without links are no old release.
    let release = folder.latest();
    fs::remove_file(release.join("reference/sector_schemes.parquet")).unwrap();
    assert!(
        folder
            .cikr(&["verify", "store"])
            .code(7)
            .stdout
            .contains("sector_schemes.parquet")
    );
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[test]
fn tables_that_leave_a_sector_out_are_refused() {
    let folder = food();
    let crosswalk =
        fs::read_to_string(Path::new(ROOT).join("schemas/reference/sector_crosswalk.csv")).unwrap();
    let without: String = crosswalk
        .split_inclusive('\n')
        .filter(|row| !row.starts_with("2009,WATR"))
        .collect();
    folder.write("schemas/reference/sector_crosswalk.csv", without);
    folder
        .run()
        .code(3)
        .says("sector `WATR` has no place in `2009`")
        .says("no sector leads to cell `WATR`");
    let sectors = fs::read_to_string(Path::new(ROOT).join("schemas/reference/scheme_sectors.csv")).unwrap();
    let folder = food();
    let without: String = sectors
        .split_inclusive('\n')
        .filter(|row| !row.starts_with("2009,WATR"))
        .collect();
    folder.write("schemas/reference/scheme_sectors.csv", without);
    folder
        .run()
        .code(3)
        .says("scheme `2009` has 17 sectors here, 18 in sector_schemes.csv");
}

/// Every facility of every layer of a release is in every scheme; returns how many rows lack a code.
pub(crate) fn assert_complete(release: &Path, facilities: &BTreeSet<String>) -> usize {
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut without = 0;
    for entry in fs::read_dir(release.join("layers")).unwrap() {
        for (key, rows) in places(release, &entry.unwrap().file_name().to_string_lossy()) {
            for [code, lead, reason, _] in &rows {
                assert_eq!(code.is_none(), reason.is_some(), "{key:?}: {rows:?}");
                let is_dated = key.1.starts_with("20");
                assert_eq!(lead.is_some(), is_dated && code.is_some(), "{key:?}: {rows:?}");
            }
            without += usize::from(rows[0][0].is_none());
            seen.insert(key);
        }
    }
    let expected = facilities
        .iter()
        .flat_map(|id| SCHEMES.map(|scheme| (id.clone(), scheme.to_owned())));
    assert_eq!(seen, expected.collect());
    without
}
