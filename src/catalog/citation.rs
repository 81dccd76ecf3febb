//! How a release is cited: in a sentence, in `CITATION.cff`, in its README.
//!
//! Pure. Source of the form: Citation File Format 1.2.0.

use std::fmt::{self, Write};

use super::collection::{Collection, distinct};
use super::licence::is_known_to_cff;
use super::markdown::plain_prose;
use super::urls::release_url;
use crate::feature::release::paths::README;
use crate::feature::{RunReport, visible};
use crate::plan::Plan;

/// What a citation of a release names.
#[derive(Debug, Clone)]
pub(super) struct Citation {
    title: String,
    description: String,
    /// Whose facilities they are: the agencies; the pipeline itself, where nothing is any agency's.
    authors: Vec<String>,
    release: String,
    /// When the run began, RFC 3339: the release is of that day.
    started: String,
    data_sha256: String,
    /// Where the release is to be read, where the pipeline says that.
    pub(super) url: Option<String>,
    licence: Option<String>,
}

impl Citation {
    pub(super) fn new(
        plan: &Plan,
        report: &RunReport,
        collections: &[Collection<'_>],
        data_sha256: &str,
    ) -> Self {
        let schemas = collections.iter().filter_map(|of| Some(&of.layer?.0.schema));
        // What is made up is no agency's.
        let real = schemas.clone().filter(|schema| !schema.synthetic);
        let mut authors = distinct(real.map(|schema| one_line(&schema.agency)));
        if authors.is_empty() {
            authors.push(one_line(&plan.title));
        }
        // Several would be read as a choice between them, which nobody offers.
        let mut licences = distinct(schemas.map(|schema| schema.licence.clone()));
        let licence = licences
            .pop()
            .filter(|licence| licences.is_empty() && is_known_to_cff(licence));
        Self {
            title: one_line(&plan.title),
            description: one_line(&plan.description),
            authors,
            release: report.release.to_string(),
            started: report.started.clone(),
            data_sha256: data_sha256.to_owned(),
            url: release_url(plan, report).map(|release| release + README),
            licence,
        }
    }

    /// Digest of the data.
    pub(super) fn data_sha256(&self) -> &str {
        &self.data_sha256
    }

    /// The release as references have it.
    pub(super) fn sentence(&self) -> String {
        format!("{}. {}. {}", self.authors.join("; "), self.title, self.imprint())
    }

    /// A collection of it as references have it.
    pub(super) fn sentence_of(&self, collection: &Collection<'_>) -> String {
        format!(
            "{}. {}. In: {}. {}",
            one_line(&collection.agencies.join("; ")),
            one_line(&collection.title),
            self.title,
            self.imprint()
        )
    }

    /// What tells this release from any other.
    fn imprint(&self) -> String {
        let url = self.url.as_ref().map(|url| format!(" {url}"));
        format!(
            "Release {}, {}. SHA-256 of the data: {}.{}",
            self.release,
            self.day(),
            self.data_sha256,
            url.unwrap_or_default()
        )
    }

    fn day(&self) -> &str {
        self.started.split('T').next().unwrap_or_default()
    }

    /// `CITATION.cff`.
    pub(super) fn render_cff(&self) -> String {
        let mut text = String::new();
        self.write_cff(&mut text).expect("a string takes any text");
        text
    }

    fn write_cff(&self, out: &mut String) -> fmt::Result {
        out.write_str("cff-version: 1.2.0\n")?;
        let message = "Please cite the release and the digest of its data. README.md tells how to make the digest again.";
        write_scalar(out, "message", message)?;
        out.write_str("type: dataset\n")?;
        write_scalar(out, "title", &self.title)?;
        if !self.description.is_empty() {
            write_scalar(out, "abstract", &self.description)?;
        }
        out.write_str("authors:\n")?;
        self.authors
            .iter()
            .try_for_each(|author| write_scalar(out, "  - name", author))?;
        write_scalar(out, "version", &self.release)?;
        write_scalar(out, "date-released", self.day())?;
        if let Some(licence) = &self.licence {
            write_scalar(out, "license", licence)?;
        }
        if let Some(url) = &self.url {
            write_scalar(out, "url", url)?;
        }
        out.write_str("identifiers:\n  - type: other\n")?;
        write_scalar(out, "    value", &format!("sha256:{}", self.data_sha256))?;
        write_scalar(out, "    description", "SHA-256 of the data")
    }

    /// The section of the README.
    pub(super) fn write_section(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            r#"## How to cite

> {}

`CITATION.cff` says so for programs. The digest is that of the data alone, the tables below `facilities/`, `layers/`, `links/` and
`reference/`: while they stay the same so does it, though every run has an id and reports of its own. To make it again:

```sh
jq -r '.files[] | select(.path | test("^(facilities|layers|links|reference)/.*[.]parquet$") and (endswith("/items.parquet") | not)) | "\(.sha256)  \(.path)"' manifest.json | LC_ALL=C sort | sha256sum
```
It is made of the digests in `manifest.json`, which tells every file's; whether the files have them:

```sh
jq -r '.files[] | "\(.sha256)  \(.path)"' manifest.json | sha256sum --check --quiet
```
"#,
            plain_prose(&self.sentence())
        )
    }
}

/// A line of YAML: a JSON string is one of its double-quoted scalars.
fn write_scalar(out: &mut String, key: &str, text: &str) -> fmt::Result {
    writeln!(out, "{key}: {}", serde_json::Value::from(text))
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    visible(&line).into_owned()
}
