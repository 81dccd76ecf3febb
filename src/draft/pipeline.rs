//! A pipeline of the one layer, which runs as it is where nothing had to be asked.
//!
//! Pure.

use super::layer;
use super::survey::Survey;
use super::toml_text::{one_line, toml_string};

/// The text of `pipelines/<id>.toml`; `reference` where the tables stand elsewhere than beside the schemas.
pub(super) fn pipeline_text(survey: &Survey, id: &str, title: &str, reference: Option<&str>) -> String {
    let mut lines = vec![
        format!(
            "# Draft of a pipeline for {}: a proposal, as is schemas/{id}.toml.",
            one_line(&survey.path)
        ),
        "#".to_owned(),
        format!("#     cikr check pipelines/{id}.toml"),
        format!("#     cikr run pipelines/{id}.toml"),
        format!("id = {}", toml_string(id)),
        format!("title = {}", toml_string(title)),
        format!("store = {}", toml_string(&format!("../out/{id}"))),
    ];
    lines.extend(reference.map(|folder| format!("reference = {}", toml_string(folder))));
    lines.extend([
        String::new(),
        "# Without boundaries no facility is placed: all stand in the region `unassigned`. For example:"
            .to_owned(),
        "# [[jurisdiction]]".to_owned(),
        "# id = \"state\"".to_owned(),
        "# kind = \"state\"".to_owned(),
        "# vintage = \"2023\"".to_owned(),
        "# source.ogr = { path = \"../data/states.zip\" }".to_owned(),
        "# code = \"GEOID\"".to_owned(),
        "# agency = \"US Census Bureau\"".to_owned(),
        "# licence = \"public domain\"".to_owned(),
        String::new(),
    ]);
    let remarks = layer::source_remarks(survey);
    lines.extend(remarks.iter().map(|remark| format!("# {}", one_line(remark))));
    lines.extend(layer::layer_table(survey, id));
    lines.join("\n") + "\n"
}
