//! Schemas that include blocks: what the fields become, and what is said of mistakes.

use super::mistakes::mistakes;
use super::{FieldKind, Overrides, SCHEMA, plan};

const HIFLD: &str = r#"
description = "Columns of every layer of the kind"

[[field]]
name = "name"
from = ["NAME"]
null = ["NOT AVAILABLE"]
description = "Name"

[[field]]
name = "telephone"
from = ["TELEPHONE"]
description = "Telephone number"

[[field]]
name = "verified_on"
from = ["VAL_DATE"]
type = "date"
formats = ["%Y/%m/%d"]
null = ["-999"]
description = "Date of the last check"

[[field]]
name = "beds"
from = ["BEDS"]
type = "integer"
"#;

const OWN: &str = r#"
[[field]]
name = "wards"
from = ["WARDS"]
description = "Wards"

[[field]]
name = "verified_on"
formats = ["%m/%d/%Y"]
null = []

[[field]]
name = "beds"
description = "Licensed beds"
unit = "beds"
"#;

fn schema(top: &str, own: &str) -> String {
    format!("{top}\n{SCHEMA}\n{own}")
}

#[test]
fn a_block_comes_first_and_the_schema_overrides_it_key_by_key() {
    let schema = schema("include = [\"hifld\"]\nomit = [\"telephone\"]", OWN);
    let files = [
        ("schemas/hospitals.toml", schema.as_str()),
        ("schemas/include/hifld.toml", HIFLD),
    ];
    let (plan, _) = plan(&files, &Overrides::default());
    let fields = &plan.layers[0].schema.fields;
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "name",
            "verified_on",
            "beds",
            "id",
            "owner_code",
            "is_open",
            "source_date",
            "wards"
        ]
    );
    let [name, verified, beds, ..] = fields.as_slice() else {
        panic!("three fields")
    };
    assert_eq!(
        (name.from.as_slice(), name.null.as_slice()),
        (&["NAME".to_owned()][..], &["NOT AVAILABLE".to_owned()][..])
    );
    assert_eq!(
        verified.kind,
        FieldKind::Date {
            formats: vec!["%m/%d/%Y".to_owned()]
        }
    );
    assert!(verified.null.is_empty(), "`null = []` replaces the block's");
    assert_eq!(
        (verified.from[0].as_str(), verified.description.as_str()),
        ("VAL_DATE", "Date of the last check")
    );
    assert_eq!(
        (&beds.kind, beds.unit.as_deref(), beds.description.as_str()),
        (&FieldKind::Integer, Some("beds"), "Licensed beds")
    );
}

#[test]
fn an_omitted_field_may_be_written_from_nothing() {
    let schema = schema(
        "include = [\"hifld\"]\nomit = [\"verified_on\", \"beds\"]",
        "[[field]]\nname = \"verified_on\"\nfrom = [\"DATE\"]\ndescription = \"As it came\"",
    );
    let files = [
        ("schemas/hospitals.toml", schema.as_str()),
        ("schemas/include/hifld.toml", HIFLD),
    ];
    let (plan, _) = plan(&files, &Overrides::default());
    let last = plan.layers[0].schema.fields.last().unwrap();
    assert_eq!(
        (last.name.as_str(), &last.kind),
        ("verified_on", &FieldKind::Text)
    );
}

#[test]
fn two_blocks_come_in_the_order_named() {
    let other =
        "description = \"Other\"\n[[field]]\nname = \"city\"\nfrom = [\"CITY\"]\ndescription = \"City\"";
    let schema = schema("include = [\"other\", \"hifld\"]\nomit = [\"beds\"]", "");
    let files = [
        ("schemas/hospitals.toml", schema.as_str()),
        ("schemas/include/hifld.toml", HIFLD),
        ("schemas/include/other.toml", other),
    ];
    let (plan, _) = plan(&files, &Overrides::default());
    let names: Vec<&str> = plan.layers[0]
        .schema
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names[..4], ["city", "name", "telephone", "verified_on"]);
}

#[test]
fn a_mistake_is_told_of_the_file_it_stands_in() {
    let block = HIFLD
        .replace("type = \"integer\"", "type = \"int\"")
        .replace("from = [\"TELEPHONE\"]\n", "form = [\"TELEPHONE\"]\n")
        .replace("%Y/%m/%d", "%Y/%m");
    let again = "description = \"\"\ninclude = [\"hifld\"]\n[[field]]\nname = \"name\"\nfrom = []\n";
    let own = "[[field]]\nname = \"name\"\ntype = \"integer\"\n[[field]]\nname = \"status\"\ndescription = \"Status\"\n";
    let schema = schema("include = [\"hifld\", \"again\"]\nomit = [\"telefone\"]", own);
    let files = [
        ("schemas/hospitals.toml", schema.as_str()),
        ("schemas/include/hifld.toml", &block),
        ("schemas/include/again.toml", again),
    ];
    insta::assert_snapshot!(mistakes(&files, &Overrides::default()), @r#"
    pipelines/demo.toml:32:23: there is no `data/absent.gdb.zip`
    schemas/include/hifld.toml:10:1: `[[field]]` has no `from`
    schemas/include/hifld.toml:12:1: `[[field]]` has no key `form` (did you mean `from`?)
    schemas/include/hifld.toml:19:12: `%Y/%m` does not give year, month and day
    schemas/include/hifld.toml:23:1: `[[field]]` has no `description`
    schemas/include/hifld.toml:26:8: `int` is not a type (known: `text`, `integer`, `number`, `boolean`, `date`, `state`)
    schemas/include/again.toml:1:15: `description` is empty
    schemas/include/again.toml:2:1: the block has no key `include` (known: `description`, `field`)
    schemas/include/again.toml:5:8: `from` is empty
    schemas/hospitals.toml:1:21: the field `name` of `again` is in an earlier block too (omit it, and write a `[[field]]` named `name` in the schema)
    schemas/hospitals.toml:2:9: `telefone` is not a field of an included block (did you mean `telephone`?)
    schemas/hospitals.toml:53:8: the core column `name` is of type text
    schemas/hospitals.toml:55:1: `[[field]]` has no `from`
    "#);
}

#[test]
fn an_unknown_block_is_the_only_cause_told() {
    let schema = schema(
        "include = [\"hifdl\", \"../hifld\", \"hifld\", \"hifld\"]\nomit = [\"whatever\"]",
        OWN,
    )
    .replace("key = [\"id\"]", "key = [\"id\", \"perhaps\"]");
    let files = [
        ("schemas/hospitals.toml", schema.as_str()),
        ("schemas/include/hifld.toml", HIFLD),
    ];
    insta::assert_snapshot!(mistakes(&files, &Overrides::default()), @r#"
    pipelines/demo.toml:32:23: there is no `data/absent.gdb.zip`
    schemas/hospitals.toml:1:12: there is no block `schemas/include/hifdl.toml` (did you mean `hifld`?)
    schemas/hospitals.toml:1:21: `../hifld` cannot be the name of a block (use lower-case letters, digits and `_`, starting with a letter)
    schemas/hospitals.toml:1:42: block `hifld` is written twice
    "#);
}

#[test]
fn a_block_of_two_schemas_is_told_once() {
    let pipeline = super::PIPELINE.replace("schema = \"hospitals\"\n", "");
    let block = HIFLD
        .replace("type = \"integer\"", "type = \"int\"")
        .replace("\"NAME\"", "NAME");
    let schema = schema("include = [\"hifld\"]", OWN);
    let files = [
        ("pipelines/demo.toml", pipeline.as_str()),
        ("schemas/hospitals.toml", &schema),
        ("schemas/clinics.toml", &schema),
        ("schemas/include/hifld.toml", &block),
    ];
    insta::assert_snapshot!(mistakes(&files, &Overrides::default()), @r#"
    pipelines/demo.toml:31:23: there is no `data/absent.gdb.zip`
    schemas/include/hifld.toml:6:9: invalid float, expected `nan`
    schemas/include/hifld.toml:26:8: `int` is not a type (known: `text`, `integer`, `number`, `boolean`, `date`, `state`)
    "#);
}
