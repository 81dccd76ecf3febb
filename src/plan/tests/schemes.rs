//! The sector schemes: what resolves to what, and the mistakes their tables can hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::mistakes::mistakes;
use super::{Overrides, plan};
use crate::plan::{FUNCTIONS, LIFELINES, Reference, SchemeCell, Standing, reference_tables};

fn shipped() -> Reference {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/reference");
    reference_tables(&folder).unwrap_or_else(|found| panic!("{}", crate::config::render(&found, false)))
}

fn cells<'r>(
    reference: &'r Reference,
    scheme: &str,
    sector: &str,
    subsector: &str,
    naics: &str,
) -> Vec<&'r str> {
    let rule = reference
        .membership_rule(
            scheme,
            Standing {
                sector,
                subsector,
                naics,
            },
        )
        .unwrap();
    assert_eq!(rule.targets.is_empty(), !rule.reason.is_empty(), "{rule:?}");
    rule.targets.iter().map(String::as_str).collect()
}

fn cell<'r>(reference: &'r Reference, scheme: &str, code: &str) -> &'r SchemeCell {
    reference
        .cells
        .iter()
        .find(|cell| cell.scheme == scheme && cell.code == code)
        .unwrap()
}

/// Distinct sectors of a scheme.
fn sectors<'r>(reference: &'r Reference, scheme: &str) -> BTreeSet<&'r str> {
    let of_scheme = reference.cells.iter().filter(|cell| cell.scheme == scheme);
    of_scheme.map(|cell| cell.sector.as_str()).collect()
}

#[test]
fn the_most_specific_row_decides() {
    let (plan, _) = plan(&[], &Overrides::default());
    let reference = &plan.reference;
    assert_eq!(cells(reference, "2003", "HLPH", "", ""), ["CARE"]);
    assert_eq!(cells(reference, "2003", "HLPH", "Military", "622"), [""; 0]);
    assert_eq!(
        cells(reference, "2003", "HLPH", "Military", "621910"),
        ["HELP", "CARE"],
        "NAICS before subsector"
    );
    assert_eq!(
        cells(reference, "2003", "HLPH", "Unheard of", ""),
        ["CARE"],
        "an unlisted subsector has a place"
    );
    assert_eq!(cells(reference, FUNCTIONS, "EMSV", "", ""), [""; 0]);
    assert_eq!(
        reference.membership_rule(
            "2003",
            Standing {
                sector: "DAMS",
                subsector: "",
                naics: ""
            }
        ),
        None
    );
    assert_eq!(reference.scheme_ids(), ["2003", FUNCTIONS, LIFELINES]);
}

#[test]
fn schemes_are_checked() {
    let header = "scheme,sector_code,subsector,naics_prefix,cells,reason,judged,source\n";
    let crosswalk = [
        header,
        "2003,HLPH,,,CARES,,no,seen\n2003,HLPH,Militry,62x,,,maybe,seen\n2004,EMSV,,,HELP,why,no,\n",
        "2003,HLPH,,,CARE,,no,seen\n",
    ];
    let cells = "scheme,code,sector,part,also_called,lead_agency,supporting_agencies,councils,note,source\n2003,CARE,Health,,,HHS,,SSC,,seen\n2003,help,Health,Help,,,,,,seen\n2003,CARE,Other,,,DHS,,,,seen\n";
    let functions = "sector_code,subsector,naics_prefix,functions,reason,source\nHLPH,,622,MEDICAL,,ours\n";
    let schemes = "scheme,title,document,date,sectors,supporting_agencies,source\nncf,a,b,2003-02-30,one,,seen\n2003,a,b,2003-02-14,3,,seen\n";
    let files = [
        ("schemas/reference/sector_crosswalk.csv", crosswalk.concat()),
        ("schemas/reference/scheme_sectors.csv", cells.to_owned()),
        ("schemas/reference/function_rules.csv", functions.to_owned()),
        ("schemas/reference/sector_schemes.csv", schemes.to_owned()),
        ("schemas/reference/subsectors.csv", "sector_code,subsector,schemes,origin,source\nHLPH,Military,2005,ours,x\nHLPH,Military,,own,x\n".to_owned()),
        ("schemas/reference/lifeline_rules.csv", "sector_code,subsector,naics_prefix,lifelines,reason,source\nHLPH,,,Health and Medical/Medical Car,,ours\nEMSV,,,,none,x\n".to_owned()),
        ("schemas/reference/critical_functions.csv", "function_code,area,function,source\nMEDICAL_CARE,Supply,a,x\nMEDICAL_CARE,Suply,b,\n".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    insta::assert_snapshot!(mistakes(&files, &Overrides::default()), @r#"
    pipelines/demo.toml:32:23: there is no `data/absent.gdb.zip`
    schemas/reference/sector_schemes.csv:2:1: `ncf` is not a scheme id: it stands for functions or lifelines
    schemas/reference/sector_schemes.csv:2:9: `2003-02-30` is not a date (YYYY-MM-DD)
    schemas/reference/sector_schemes.csv:2:20: `one` is not a number of sectors
    schemas/reference/subsectors.csv:2:15: `2005` is not a scheme of sector_schemes.csv (did you mean `2003`?)
    schemas/reference/subsectors.csv:2:20: `ours` is not an origin (known: `plan`, `own`)
    schemas/reference/subsectors.csv:3:6: subsector `Military` is written twice
    schemas/reference/naics_rules.csv:2:10: `Direct Patient Care` is not a subsector of `HLPH` in subsectors.csv (known: `Military`, `Military`)
    schemas/reference/scheme_sectors.csv: scheme `2003` has 2 sectors here, 3 in sector_schemes.csv
    schemas/reference/scheme_sectors.csv:2:11: `Health` stands twice, but this row doesn't say which part it is
    schemas/reference/scheme_sectors.csv:2:25: `SSC` is not a kind of council (did you mean `SCC`?)
    schemas/reference/scheme_sectors.csv:3:6: `help` is not a code (upper-case letters, digits and `_`)
    schemas/reference/scheme_sectors.csv:3:24: the cell is empty
    schemas/reference/scheme_sectors.csv:4:6: cell `CARE` of scheme `2003` is written twice
    schemas/reference/critical_functions.csv:3:1: function code `MEDICAL_CARE` is written twice
    schemas/reference/critical_functions.csv:3:14: `Suply` is not an area (did you mean `Supply`?)
    schemas/reference/critical_functions.csv:3:22: the cell is empty
    schemas/reference/sector_crosswalk.csv: sector `HLPH` has no place in `ncf` (add a row with this sector alone, and its cells or a reason)
    schemas/reference/sector_crosswalk.csv: sector `EMSV` has no place in `ncf` (add a row with this sector alone, and its cells or a reason)
    schemas/reference/sector_crosswalk.csv: sector `EMSV` has no place in `2003` (add a row with this sector alone, and its cells or a reason)
    schemas/reference/sector_crosswalk.csv: no sector leads to cell `help` of scheme `2003`
    schemas/reference/sector_crosswalk.csv:2:13: `CARES` is not a cell of scheme `2003` in scheme_sectors.csv (did you mean `CARE`?)
    schemas/reference/sector_crosswalk.csv:3:11: `Militry` is not a subsector of `HLPH` in subsectors.csv (did you mean `Military`?)
    schemas/reference/sector_crosswalk.csv:3:19: `62x` is not a NAICS prefix of 2 to 6 digits
    schemas/reference/sector_crosswalk.csv:3:23: the row names neither a cell of scheme `2003` in scheme_sectors.csv nor a reason
    schemas/reference/sector_crosswalk.csv:3:25: `maybe` is not a word for yes or no (known: `yes`, `no`)
    schemas/reference/sector_crosswalk.csv:4:1: `2004` is not a scheme of sector_schemes.csv (did you mean `2003`?)
    schemas/reference/sector_crosswalk.csv:4:18: a reason stands only where the row leads nowhere
    schemas/reference/sector_crosswalk.csv:4:25: the cell is empty
    schemas/reference/sector_crosswalk.csv:5:6: a row for this sector, subsector and NAICS prefix stands above
    schemas/reference/function_rules.csv: sector `HLPH` has no place in `ncf` (add a row with this sector alone, and its functions or a reason)
    schemas/reference/function_rules.csv: sector `EMSV` has no place in `ncf` (add a row with this sector alone, and its functions or a reason)
    schemas/reference/function_rules.csv:2:11: `MEDICAL` is not one of the functions (known: `MEDICAL_CARE`, `MEDICAL_CARE`)
    schemas/reference/lifeline_rules.csv:2:8: `Health and Medical/Medical Car` is not one of the lifelines (did you mean `Health and Medical/Medical Care`?)
    "#);
}

#[test]
fn a_schema_is_warned_of_a_subsector_nobody_lists() {
    let schema = super::SCHEMA.replace("subsector = \"Military\"", "subsector = \"Militry\"");
    let (_, warnings) = plan(&[("schemas/hospitals.toml", &schema)], &Overrides::default());
    assert!(
        warnings.contains("`Militry` is not a subsector of `HLPH` in subsectors.csv"),
        "{warnings}"
    );
    assert!(warnings.contains("did you mean `Military`?"), "{warnings}");
}

/// The document's own counts: 14 sectors in 16 cells, 17, 18, 16, 16.
#[test]
fn every_scheme_adds_up() {
    let reference = shipped();
    let counts: Vec<(&str, usize)> = reference
        .schemes
        .iter()
        .map(|s| (s.id.as_str(), sectors(&reference, &s.id).len()))
        .collect();
    assert_eq!(
        counts,
        [
            ("2003", 14),
            ("2006", 17),
            ("2009", 18),
            ("2013", 16),
            ("2024", 16)
        ]
    );
    assert_eq!(
        reference
            .cells
            .iter()
            .filter(|cell| cell.scheme == "2003")
            .count(),
        16
    );
    let new: Vec<_> = sectors(&reference, "2024")
        .difference(&sectors(&reference, "2013"))
        .copied()
        .collect();
    assert_eq!(
        new,
        ["Government Services and Facilities"],
        "NSM-22 renames one sector"
    );
}

/// The prose of 2003 names five sectors that the Department of Homeland Security leads; the table gives it five cells.
#[test]
fn prose_and_table_of_2003_agree_with_their_exceptions_noted() {
    let reference = shipped();
    let prose = [
        "government",
        "emergency response",
        "transportation",
        "postal and shipping",
        "information and telecommunications",
    ];
    let led = reference
        .cells
        .iter()
        .filter(|cell| cell.scheme == "2003" && cell.lead_agency.contains("Homeland"));
    let mut table: Vec<String> = Vec::new();
    for cell in led {
        let differs = !cell.also_called.is_empty();
        assert_eq!(
            differs,
            cell.note.starts_with("The text"),
            "{} says what differs",
            cell.code
        );
        table.push(if differs {
            cell.also_called.clone()
        } else {
            cell.sector.to_lowercase()
        });
    }
    assert_eq!(
        table.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(prose)
    );
    assert_eq!(table.len(), 5);
    assert_eq!(
        cell(&reference, "2003", "GOV_COOP").lead_agency,
        "All departments and agencies"
    );
    let note = &cell(&reference, "2003", "TRAN").note;
    assert!(
        note.starts_with("* ") && note.contains("Department of Transportation"),
        "{note}"
    );
    let supporting = &reference.schemes[0].supporting_agencies;
    assert!(
        supporting.contains("NIST") && supporting.contains("Department of State"),
        "{supporting}"
    );
}

/// 18 of 2009 = today's 16 with the government's sector split in two and transportation in two.
#[test]
fn the_eighteen_of_2009_are_the_sixteen_of_today_with_two_split() {
    let reference = shipped();
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in reference
        .memberships
        .iter()
        .filter(|rule| rule.scheme == "2009" && rule.sector != "ENER")
    {
        let codes = rule
            .targets
            .iter()
            .map(|code| cell(&reference, "2009", code).sector.as_str());
        reached.entry(&rule.sector).or_default().extend(codes);
    }
    reached.insert(
        "ENER",
        cells(&reference, "2009", "ENER", "", "")
            .into_iter()
            .map(|_| "Energy")
            .collect(),
    );
    assert_eq!(reached.len(), 16);
    let split: Vec<_> = reached.iter().filter(|(_, sectors)| sectors.len() > 1).collect();
    let two = |a, b| BTreeSet::from([a, b]);
    assert_eq!(
        split,
        [
            (
                &"GOVF",
                &two("Government Facilities", "National Monuments and Icons")
            ),
            (&"TRAN", &two("Postal and Shipping", "Transportation Systems")),
        ]
    );
    assert_eq!(
        reached.values().flatten().copied().collect::<BTreeSet<_>>(),
        sectors(&reference, "2009")
    );
}

#[test]
fn todays_sectors_are_those_of_the_last_scheme() {
    let reference = shipped();
    for sector in &reference.sectors {
        let found = cell(
            &reference,
            "2024",
            cells(&reference, "2024", &sector.code, "", "")[0],
        );
        assert_eq!(
            (&found.sector, &found.lead_agency),
            (&sector.name, &sector.lead_agency),
            "{}",
            sector.code
        );
    }
    assert_eq!(reference.sectors.len(), sectors(&reference, "2013").len());
}

#[test]
fn two_sectors_of_2009_have_no_coordinating_council_of_their_owners() {
    let reference = shipped();
    let of_2009: Vec<&SchemeCell> = reference
        .cells
        .iter()
        .filter(|cell| cell.scheme == "2009")
        .collect();
    let without = |council: &str| -> BTreeSet<&str> {
        let lacking = of_2009
            .iter()
            .filter(|cell| !cell.councils.iter().any(|has| has == council));
        lacking.map(|cell| cell.sector.as_str()).collect()
    };
    assert_eq!(
        without("SCC"),
        BTreeSet::from(["Government Facilities", "National Monuments and Icons"])
    );
    assert_eq!(without("GCC"), BTreeSet::new());
}

#[test]
fn meat_is_led_by_agriculture_and_other_food_by_health() {
    let reference = shipped();
    let lead = |scheme: &str, naics: &str| {
        let code = cells(&reference, scheme, "FOAG", "Production/processing", naics)[0];
        cell(&reference, scheme, code).lead_agency.as_str()
    };
    let (usda, hhs) = (
        "Department of Agriculture",
        "Department of Health and Human Services",
    );
    for scheme in ["2003", "2006", "2009"] {
        assert_eq!(
            [
                lead(scheme, "311611"),
                lead(scheme, "311615"),
                lead(scheme, "112111")
            ],
            [usda; 3]
        );
        assert_eq!([lead(scheme, "311511"), lead(scheme, "312111")], [hhs; 2]);
        assert!(cells(&reference, scheme, "FOAG", "Production/processing", "").is_empty());
    }
    assert_eq!(lead("2013", "311611"), format!("{usda}; {hhs}"));
}

/// Sectors that became subsectors, and one that was new.
#[test]
fn what_moved_between_the_schemes_is_found_again() {
    let reference = shipped();
    let through = |sector, subsector| -> Vec<String> {
        let schemes = ["2003", "2006", "2009", "2013", "2024"];
        schemes
            .iter()
            .map(|scheme| cells(&reference, scheme, sector, subsector, "").join(";"))
            .collect()
    };
    assert_eq!(
        through("GOVF", "National Monuments and Icons"),
        ["MONU", "MONU", "MONU", "GOVF_MONU", "GOVF_MONU"]
    );
    assert_eq!(
        through("TRAN", "Postal and Shipping"),
        ["POST", "POST", "POST", "TRAN", "TRAN"]
    );
    assert_eq!(
        through("TRAN", "Maritime"),
        ["TRAN", "TRAN_MARI", "TRAN_MARI", "TRAN", "TRAN"]
    );
    assert_eq!(
        through("GOVF", "Education Facilities"),
        ["", "GOVF", "GOVF_EDUC", "GOVF_EDUC", "GOVF_EDUC"]
    );
    assert_eq!(
        through("GOVF", "Election Infrastructure"),
        ["", "", "", "GOVF_ELEC", "GOVF_ELEC"]
    );
    assert_eq!(through("CRMF", ""), ["", "", "CRMF", "CRMF", "CRMF"]);
    assert_eq!(through("COMM", ""), ["INFO", "COMM", "COMM", "COMM", "COMM"]);
    assert_eq!(
        cells(&reference, "2009", "ENER", "Electricity", "221113"),
        ["NUCL"],
        "not energy under HSPD-7"
    );
}

#[test]
fn the_crosswalk_is_total() {
    let reference = shipped();
    let mut places = 0;
    for scheme in reference.scheme_ids() {
        for sector in &reference.sectors {
            let listed = reference.subsectors.iter().filter(|s| s.sector == sector.code);
            for subsector in listed.map(|s| s.name.as_str()).chain([""]) {
                cells(&reference, scheme, &sector.code, subsector, "");
                places += 1;
            }
        }
        for rule in &reference.naics {
            cells(&reference, scheme, &rule.sector, &rule.subsector, &rule.prefix);
        }
    }
    assert_eq!(places, 7 * (reference.subsectors.len() + 16));
}

/// Whatever leads from one scheme to another leads back.
#[test]
fn passages_lead_there_and_back() {
    let passages = shipped().scheme_passages();
    let ends: BTreeSet<_> = passages
        .iter()
        .filter_map(|p| Some((&p.from_scheme, &p.from_code, &p.to_scheme, p.to_code.as_ref()?)))
        .collect();
    assert!(ends.len() > 300, "{}", ends.len());
    for (from, code, to, end) in &ends {
        assert!(
            ends.contains(&(*to, *end, *from, *code)),
            "{to} {end} → {from} {code}"
        );
    }
    for passage in &passages {
        assert_eq!(
            passage.to_code.is_none(),
            !passage.reason.is_empty(),
            "{passage:?}"
        );
    }
    let of = |from: &str, code: &str, to: &str| -> Vec<String> {
        let found = passages
            .iter()
            .filter(|p| p.from_scheme == from && p.from_code == code && p.to_scheme == to);
        found.map(|p| p.to_code.clone().unwrap_or_default()).collect()
    };
    assert_eq!(of("2009", "MONU", "2013"), ["GOVF_MONU"]);
    assert_eq!(of("2013", "GOVF_MONU", "2003"), ["MONU"]);
    assert_eq!(of("2003", "INFO", "2009"), ["COMM", "INFT"]);
    assert_eq!(of("2024", "DAMS", "2003"), [""], "dams were no sector in 2003");
}

/// 9 to connect, 9 to distribute, 24 to manage, 13 to supply.
#[test]
fn the_functions_are_fifty_five_in_four_areas() {
    let reference = shipped();
    let mut areas: BTreeMap<&str, usize> = BTreeMap::new();
    for function in &reference.functions {
        *areas.entry(&function.area).or_default() += 1;
    }
    let counted: Vec<_> = areas.into_iter().collect();
    assert_eq!(
        counted,
        [("Connect", 9), ("Distribute", 9), ("Manage", 24), ("Supply", 13)]
    );
    assert_eq!(
        cells(&reference, FUNCTIONS, "ENER", "Electricity", "221112"),
        ["GENERATE_ELECTRICITY"]
    );
    assert_eq!(
        cells(&reference, FUNCTIONS, "GOVF", "Education Facilities", ""),
        ["EDUCATE"]
    );
    assert_eq!(
        cells(&reference, LIFELINES, "TRAN", "Aviation", ""),
        ["Transportation/Aviation"]
    );
}

/// Every subsector that the shipped schemas and rules use is listed, so no schema is warned of its own words.
#[test]
fn every_subsector_in_use_is_listed() {
    let reference = shipped();
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut seen = 0;
    for entry in std::fs::read_dir(schemas).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Some(sector) = text.get("sector").and_then(|sector| sector.as_table()) else {
            continue;
        };
        let rules = sector
            .get("rule")
            .and_then(|rules| rules.as_array())
            .into_iter()
            .flatten();
        for part in rules.filter_map(|rule| rule.as_table()).chain([sector]) {
            let code = part
                .get("code")
                .or_else(|| sector.get("code"))
                .and_then(|code| code.as_str())
                .unwrap();
            let Some(name) = part.get("subsector").and_then(|name| name.as_str()) else {
                continue;
            };
            let listed = reference
                .subsectors
                .iter()
                .any(|s| s.sector == code && s.name == name);
            assert!(
                listed,
                "{}: `{name}` of {code} is not in subsectors.csv",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen >= 11, "{seen}");
}
