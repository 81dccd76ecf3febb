//! `feed.xml`, at the top of a store: its releases as an Atom feed (RFC 4287).
//!
//! Pure: the releases' reports in, bytes out. Ids are made of pipeline and release, and times are those of
//! publication, so that the same releases give the same feed wherever the store lies.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::number;
use crate::feature::digest::to_hex;
use crate::feature::release::paths;
use crate::feature::{LayerChanges, LayerReport, LayerStatus, RunReport, Standing, visible};

// A feed is fetched whole, by each reader and time and again: what it tells of a release is bounded.

/// Most layers told of a release; its report has all.
const LAYERS: usize = 100;

/// A release that the store keeps.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its report.
    pub report: &'a RunReport,
    /// When it was published, RFC 3339 UTC.
    pub published: &'a str,
    /// Whether `latest.json` points to it.
    pub is_latest: bool,
}

/// The feed of releases, newest first; none where there is no release.
///
/// ```
/// assert_eq!(cikr::catalog::feed::render_feed(&[]), None);
/// ```
pub fn render_feed(entries: &[Entry<'_>]) -> Option<Vec<u8>> {
    // The feed's own title and links are the latest release's: earlier ones may have had another title, or another
    // address.
    let latest = entries.iter().find(|entry| entry.is_latest).or(entries.first())?;
    let newest = entries
        .iter()
        .map(|entry| entry.published)
        .max()
        .unwrap_or(latest.published);
    let about = latest.report;
    let title = escape_xml(&about.title);
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
    );
    let _ = write!(
        out,
        "  <id>{}</id>\n  <title>{title}: releases</title>\n  <updated>{newest}</updated>\n  \
         <author><name>{title}</name></author>\n  <generator version=\"{}\">cikr</generator>\n{}{}",
        uuid_urn(&[&about.pipeline]),
        escape_xml(&about.cikr_version),
        atom_link(about, "self", "application/atom+xml", paths::FEED, ""),
        atom_link(
            about,
            "alternate",
            "text/html",
            &file_of(about, paths::REPORT_PAGE),
            "The latest release"
        ),
    );
    out.extend(entries.iter().map(|entry| render_entry(about, entry)));
    out.push_str("</feed>\n");
    Some(out.into_bytes())
}

fn render_entry(about: &RunReport, entry: &Entry<'_>) -> String {
    let report = entry.report;
    let time = entry.published;
    let category = if entry.is_latest {
        "    <category term=\"latest\"/>\n"
    } else {
        ""
    };
    let mut out = format!(
        "  <entry>\n    <id>{}</id>\n    <title>{}: release {}</title>\n    <published>{time}</published>\n    \
         <updated>{time}</updated>\n{category}",
        uuid_urn(&[&report.pipeline, report.release.as_str()]),
        escape_xml(&report.title),
        escape_xml(report.release.as_str()),
    );
    for (rel, kind, file, title) in [
        (
            "alternate",
            "text/html",
            paths::REPORT_PAGE,
            "What was published, what failed and what changed",
        ),
        (
            "related",
            "application/json",
            paths::REPORT,
            "The report, for programs",
        ),
        (
            "related",
            "application/json",
            paths::CATALOG,
            "The tiles, as STAC",
        ),
    ] {
        let _ = write!(
            out,
            "  {}",
            atom_link(about, rel, kind, &file_of(report, file), title)
        );
    }
    let _ = write!(
        out,
        "    <summary>{}</summary>\n    <content type=\"xhtml\">\n      <div xmlns=\"http://www.w3.org/1999/xhtml\">\n",
        escape_xml(&summarise_release(report))
    );
    out.push_str(&list_layers(report));
    out.push_str("      </div>\n    </content>\n  </entry>\n");
    out
}

/// The layers of a release that are anything but as before, and how many others there are.
fn list_layers(report: &RunReport) -> String {
    let told: Vec<&LayerReport> = report.layers.iter().filter(|layer| is_told(layer)).collect();
    let mut out = String::new();
    if !told.is_empty() {
        out.push_str("        <ul>\n");
        for layer in told.iter().take(LAYERS) {
            let _ = writeln!(
                out,
                "          <li><b>{}</b>: {}</li>",
                escape_xml(layer.id.as_str()),
                escape_xml(&describe_layer(layer))
            );
        }
        out.push_str("        </ul>\n");
    }
    if told.len() > LAYERS {
        let _ = writeln!(
            out,
            "        <p>{} more layers changed or failed.</p>",
            told.len() - LAYERS
        );
    }
    let rest = report.layers.len() - told.len();
    if rest > 0 {
        let _ = writeln!(
            out,
            "        <p>{rest} of {} layers are as before.</p>",
            report.layers.len()
        );
    }
    out
}

/// The release in a sentence or two.
fn summarise_release(report: &RunReport) -> String {
    let mut text = format!(
        "{} facilities in {}",
        number::count(report.inventory_rows),
        number::count_of(report.layers.len(), "layer")
    );
    let changes: Vec<&LayerChanges> = report
        .layers
        .iter()
        .filter_map(|layer| layer.changes.as_ref())
        .collect();
    if !changes.is_empty() {
        let _ = write!(
            text,
            "; {} added, {} removed, {} changed, {} recomputed",
            changes.iter().map(|layer| layer.added).sum::<u64>(),
            changes.iter().map(|layer| layer.removed).sum::<u64>(),
            changes.iter().map(|layer| layer.changed).sum::<u64>(),
            changes.iter().map(|layer| layer.recomputed).sum::<u64>(),
        );
    }
    text.push('.');
    let carried = count_with_status(report, LayerStatus::Carried);
    let absent = count_with_status(report, LayerStatus::Absent);
    if carried + absent > 0 {
        let _ = write!(
            text,
            " Incomplete: {carried} carried from an earlier release, {absent} absent."
        );
    }
    text
}

fn count_with_status(report: &RunReport, status: LayerStatus) -> usize {
    let layers = report.layers.iter();
    layers.filter(|layer| layer.status() == status).count()
}

/// Whether a layer is anything but as before.
fn is_told(layer: &LayerReport) -> bool {
    let differs = layer.changes.as_ref().is_none_or(LayerChanges::is_some);
    !layer.is_published() || differs
}

fn describe_layer(layer: &LayerReport) -> String {
    match (&layer.standing, &layer.changes) {
        (Standing::Carried { reason, .. }, _) => format!("rows of an earlier release stand in: {reason}"),
        (Standing::Absent { reason }, _) => format!("absent: {reason}"),
        (Standing::Published { .. }, Some(changes)) => {
            let remarks = changes.remarks().into_iter().map(|remark| format!("; {remark}"));
            std::iter::once(changes.counts_in_words())
                .chain(remarks)
                .collect()
        }
        (Standing::Published { .. }, None) => {
            let reason = layer.not_compared.as_deref().unwrap_or("nothing to compare with");
            format!("{} rows; not compared: {reason}", layer.rows_written)
        }
    }
}

fn file_of(report: &RunReport, file: &str) -> String {
    format!("releases/{}/{file}", report.release)
}

/// A link, relative to the feed unless the latest release's pipeline says where the store is served.
fn atom_link(about: &RunReport, rel: &str, kind: &str, path: &str, title: &str) -> String {
    let href = about
        .base_url
        .as_ref()
        .map_or_else(|| path.to_owned(), |base| format!("{base}/{path}"));
    let title = if title.is_empty() {
        String::new()
    } else {
        format!(" title=\"{}\"", escape_xml(title))
    };
    format!(
        "  <link rel=\"{rel}\" type=\"{kind}\" href=\"{}\"{title}/>\n",
        escape_xml(&href)
    )
}

/// A UUID of words (RFC 9562, version 8): the same words, the same id.
fn uuid_urn(words: &[&str]) -> String {
    let mut hash = Sha256::new_with_prefix(b"cikr feed");
    for word in words {
        // Between the words, so that `ab`, `c` and `a`, `bc` are two ids.
        hash.update([0]);
        hash.update(word);
    }
    let mut bytes: [u8; 16] = hash.finalize()[..16].try_into().expect("a digest has 32 bytes");
    // Version 8 and the variant of the RFC, in the places where every UUID has them.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = to_hex(&bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("urn:uuid:{}", parts.join("-"))
}

/// Text as it may stand in XML 1.0, which has no place for most control characters.
fn escape_xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            // Unicode has them, XML 1.0 does not: one of them would make the whole feed unreadable.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tests::fixture::run_report;
    use crate::feature::release::ReleaseId;

    fn told(report: &RunReport) -> String {
        let entry = Entry {
            report,
            published: "2026-11-22T03:05:00Z",
            is_latest: true,
        };
        String::from_utf8(render_feed(&[entry]).unwrap()).unwrap()
    }

    #[test]
    fn a_store_without_releases_has_no_feed() {
        assert_eq!(render_feed(&[]), None);
    }

    #[test]
    fn counts_are_told_in_words_and_links_are_relative() {
        let mut report = run_report(LayerStatus::Published);
        report.layers[0].changes = Some(LayerChanges {
            added: 3,
            removed: 1,
            unchanged: 1,
            ..LayerChanges::default()
        });
        let xml = told(&report);
        for part in [
            "<summary>4 facilities in 2 layers; 3 added, 1 removed, 0 changed, 0 recomputed. Incomplete: 0 carried from \
             an earlier release, 1 absent.</summary>",
            "<li><b>dams</b>: 3 added, 1 removed, 1 unchanged</li>",
            "<li><b>levees</b>: absent: the source is empty</li>",
            "href=\"releases/2026-11-22/report.html\"",
            "<updated>2026-11-22T03:05:00Z</updated>",
        ] {
            assert!(xml.contains(part), "{part}\n{xml}");
        }
        assert_eq!(xml, told(&report));
    }

    #[test]
    fn ids_stay_where_a_store_moves_and_differ_by_release() {
        let mut report = run_report(LayerStatus::Published);
        let ids = |xml: &str| -> Vec<String> {
            xml.lines()
                .filter(|line| line.contains("<id>"))
                .map(|line| line.trim().to_owned())
                .collect()
        };
        let before = ids(&told(&report));
        report.base_url = Some("https://a.gov/cikr".to_owned());
        let xml = told(&report);
        assert_eq!(ids(&xml), before);
        assert!(
            xml.contains("href=\"https://a.gov/cikr/releases/2026-11-22/report.html\""),
            "{xml}"
        );
        assert!(xml.contains("href=\"https://a.gov/cikr/feed.xml\""), "{xml}");
        report.release = ReleaseId::parse("2026-11-23").unwrap();
        let after = ids(&told(&report));
        assert!(after[0] == before[0] && after[1] != before[1]);
        assert_eq!(
            (&after[1][..13], after[1].len()),
            ("<id>urn:uuid:", 4 + 9 + 36 + 5)
        );
    }

    #[test]
    fn whatever_a_source_says_is_text() {
        let mut report = run_report(LayerStatus::Carried);
        report.title = "A & B <script>\u{0}".to_owned();
        report.layers[0].standing = Standing::Carried {
            reason: "]]><b>\u{1b}[31m\"".to_owned(),
            from: ReleaseId::parse("2026-11-01").ok(),
            days: None,
        };
        let xml = told(&report);
        assert!(xml.contains("A &amp; B &lt;script&gt;\\u{0}: releases"), "{xml}");
        assert!(xml.contains("]]&gt;&lt;b&gt;\\u{1b}[31m&quot;"), "{xml}");
        assert!(!xml.contains("<script"), "{xml}");
    }
}
