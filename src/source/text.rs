//! Spelling of values that come typed.
//!
//! Pure.

/// OGR's `2016/02/04 13:00:00+00` as ISO 8601; a zone that OGR doesn't know is left out.
pub(super) fn iso(date: &str) -> String {
    let mut text = date.replacen('/', "-", 2).replacen(' ', "T", 1);
    let Some(zone) = text.rfind(['+', '-']).filter(|at| text.find('T').is_some_and(|time| *at > time)) else {
        return text;
    };
    match text.len() - zone {
        3 if text.ends_with("+00") => text.replace_range(zone.., "Z"),
        3 => text.push_str(":00"),
        5 => text.insert(zone + 3, ':'),
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_iso() {
        for (ogr, text) in [
            ("2016/02/04", "2016-02-04"),
            ("2016/02/04 13:00:00", "2016-02-04T13:00:00"),
            ("2016/02/04 13:00:00.250+00", "2016-02-04T13:00:00.250Z"),
            ("2016/02/04 13:00:00-05", "2016-02-04T13:00:00-05:00"),
            ("2016/02/04 13:00:00+0530", "2016-02-04T13:00:00+05:30"),
        ] {
            assert_eq!(iso(ogr), text);
        }
    }
}
