//! Pulls that are refused: pages that are not those that came, or that contradict each other.

use super::*;

#[test]
fn a_page_that_is_not_the_one_that_came_is_an_error() {
    let row = r#"{"attributes":{"OBJECTID":1},"geometry":{"x":1,"y":2}}"#;
    let whole = page(&[row]);
    let pull = |rows: u64| Pull::new(INFO, &[(whole.as_bytes(), rows)]);
    assert!(pull(2).fault().contains("page 1") && pull(2).fault().contains("fewer rows than the 2"));
    assert!(pull(0).fault().contains("more rows than the 0"));
    let with = |member: &str, value: serde_json::Value| {
        let mut pull = pull(1);
        pull.list["pages"][0][member] = value;
        pull
    };
    assert!(
        with("sha256", "00".into())
            .fault()
            .contains("not those that came")
    );
    assert!(
        with("bytes", (whole.len() - 1).into())
            .fault()
            .contains("has not the")
    );
    assert!(
        with("bytes", (whole.len() + 1).into())
            .fault()
            .contains("has not the")
    );
    for path in ["../x.zst", "/etc/passwd", "pages/../../x", "", "."] {
        assert!(
            with("path", path.into())
                .fault()
                .contains("leads out of its folder"),
            "{path}"
        );
    }
    let missing = with("path", "pages/none.zst".into()).fault();
    assert!(
        missing.contains("cannot open in/shown.json (page 1)"),
        "{missing}"
    );
    let mut later = pull(1);
    later.list["version"] = 2.into();
    assert!(later.fault().contains("its version is 2"));
    later.list = serde_json::json!([]);
    assert!(later.fault().contains("the list of pages"));
}

#[test]
fn a_page_that_breaks_off_or_is_something_else_is_an_error() {
    let row = r#"{"attributes":{"OBJECTID":1},"geometry":{"x":1,"y":2}}"#;
    let whole = page(&[row, row]);
    for end in [1, 12, 14, 60, 75, 130, whole.len() - 1] {
        let fault = Pull::new(INFO, &[(&whole.as_bytes()[..end], 2)]).fault();
        assert!(fault.contains("page 1"), "{end}: {fault}");
    }
    for (text, told) in [
        ("<html>down</html>", "`<` after row 0"),
        (r#"{"error":{"code":500}}"#, "no `features`"),
        (r#"{"features":{}}"#, "`{` after row 0"),
        (r#"{"features":[],"features":[]}"#, "`features` twice"),
        (r#"{"features":[]} x"#, "something follows"),
        ("", "ends after row 0"),
    ] {
        let fault = Pull::new(INFO, &[(text.as_bytes(), 0)]).fault();
        assert!(fault.contains(told), "{text}: {fault}");
    }
    assert!(Pull::new("<html>", &[]).fault().contains("the layer's info"));
}

#[test]
fn the_spatial_reference_is_never_guessed() {
    let with = |reference: &str| format!(r#"{{"spatialReference":{reference},"features":[]}}"#);
    let pull = |info: &str, pages: &[&str]| {
        let pages: Vec<(&[u8], u64)> = pages.iter().map(|page| (page.as_bytes(), 0)).collect();
        Pull::new(info, &pages)
    };
    assert!(pull("{}", &[]).fault().contains("doesn't say its CRS"));
    assert!(
        pull(INFO, &[&with(r#"{"wkid":999999}"#)])
            .fault()
            .contains("wkid 999999")
    );
    let two = r#"{"extent":{"spatialReference":{"wkid":4326}},"sourceSpatialReference":{"wkid":3857}}"#;
    assert!(pull(two, &[&page(&[])]).fault().contains("doesn't say its CRS"));
    let said = pull(two, &[&with(r#"{"wkid":102100}"#)]);
    assert_eq!(
        *open_as(&said.path(), Format::Esri, &LIMITS, None).unwrap().crs(),
        Crs::Code("EPSG:3857".into())
    );
    let mixed = pull(INFO, &[&with(r#"{"wkid":4326}"#), &with(r#"{"wkid":102100}"#)]);
    assert!(mixed.fault().contains("page 2") && mixed.fault().contains("not that of the first page"));
    let alike = pull(
        INFO,
        &[
            &with(r#"{"wkid":102100}"#),
            &page(&[]),
            &with(r#"{"wkid":102100,"latestWkid":3857}"#),
        ],
    );
    assert!(alike.batches().is_empty());
}
