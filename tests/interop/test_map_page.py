"""The map page in a browser, behind a server that knows ranges: it draws, finds, filters, and asks nobody else."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from browser import SOFTWARE_GL, Browser
from conftest import REPOSITORY
from test_http import served_with_ranges, served_without_ranges

SIZES = ((1280, 900), (390, 844))
SCHEMES = ("light", "dark")

# Findings of axe-core that keep somebody from using the page.
SERIOUS = ("serious", "critical")

READY = "document.body?.classList.contains('ready') && document.querySelector('#map canvas') !== null"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser(*SOFTWARE_GL)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def page(release: Path) -> Iterator[str]:
    if not (release / "map/index.html").exists():
        pytest.fail("the program was built without the map page: run src/page/browser/install.sh and build again")
    with served_with_ranges(release) as port:
        yield f"http://127.0.0.1:{port}/map/index.html"


def show(browser: Browser, url: str, size: tuple[int, int] = SIZES[0], scheme: str = "light") -> None:
    browser.show(url, *size, scheme)
    browser.wait_until(READY)
    still(browser)


def still(browser: Browser) -> None:
    """Waits until nothing is asked for any more."""
    before, after = -1, len(browser.requests())
    while before != after:
        browser.call("Runtime.evaluate", expression="new Promise(done => setTimeout(done, 700))", awaitPromise=True)
        before, after = after, len(browser.requests())


def test_the_first_view_is_few_requests_to_one_archive_and_to_nobody_else(browser: Browser, page: str):
    show(browser, page)
    asked = browser.requests()
    origin = page.removesuffix("/map/index.html")
    assert all(url.startswith((origin, "blob:" + origin)) for url in asked), asked
    assert len(asked) - 1 <= 10, asked
    assert {url.rpartition("/")[2] for url in asked if url.endswith(".pmtiles")} == {"facilities.pmtiles"}
    assert not browser.complaints()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_draws_and_fits(browser: Browser, page: str, size: tuple[int, int], scheme: str):
    show(browser, page, size, scheme)
    assert len(browser.colours()) > 30, "a map of many colours"
    assert browser.run("document.scrollingElement.scrollWidth") == size[0]
    assert not browser.complaints()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_keeps_anybody_out(browser: Browser, page: str, size: tuple[int, int], scheme: str):
    show(browser, page, size, scheme)
    if size[0] < 500:
        browser.run("document.getElementById('toggle').click()")
    browser.run("document.querySelectorAll('details').forEach(details => { details.open = true })")
    still(browser)
    install = REPOSITORY / "src/page/browser/install.sh"
    modules = subprocess.run([install, "--modules"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    browser.run((Path(modules) / "node_modules/axe-core/axe.min.js").read_text() + "; 0")
    run = browser.call("Runtime.evaluate", expression="axe.run()", awaitPromise=True, returnByValue=True)
    found = run["result"]["value"]["violations"]
    serious = [(finding["id"], [node["html"][:120] for node in finding["nodes"]]) for finding in found if finding["impact"] in SERIOUS]
    assert not serious


def test_numbers_are_those_of_the_rows(browser: Browser, page: str, tables: dict[str, pa.Table]):
    show(browser, page)
    rows = tables["facilities"]
    assert browser.run("document.getElementById('summary').textContent") == f"{len(rows):,} facilities"
    state = rows["state_code"].to_pylist()
    show(browser, page + "#state=TX")
    assert browser.run("document.getElementById('summary').textContent").startswith(f"{state.count('TX'):,} of ")
    hospitals = sum(row == "hospitals" and code == "TX" for row, code in zip(rows["layer"].to_pylist(), state, strict=True))
    told = browser.run("document.querySelector('[data-key=layer-hospitals]').closest('label').querySelector('.n').textContent")
    assert told == f"{hospitals:,}"


def test_a_search_leads_to_all_attributes(browser: Browser, page: str, tables: dict[str, pa.Table]):
    show(browser, page)
    wanted = tables["hospitals"].to_pylist()[7]
    browser.run("document.getElementById('search').focus()")
    browser.type(wanted["facility_id"].split(":")[1])
    browser.wait_until("document.querySelectorAll('#found li').length > 0")
    browser.press("ArrowDown")
    browser.press("Enter")
    browser.wait_until("document.querySelectorAll('#detail dt').length > 12")
    shown = browser.run("document.getElementById('detail').innerText")
    assert wanted["name"] in shown and wanted["facility_id"] in shown and wanted["source_agency"] in shown
    assert wanted["handling"] in shown and str(wanted["source_date"]) in shown and "Made up" in shown
    assert browser.run("location.hash").endswith(f"facility={wanted['facility_id']}")
    link = browser.run("document.querySelector('#detail .files a').getAttribute('href')")
    assert f"/layers/hospitals/data/region={wanted['region']}/part-000.parquet" in link
    browser.press("Escape")
    assert browser.run("document.getElementById('detail').hidden")
    assert not browser.complaints()


def test_a_word_of_a_name_is_found(browser: Browser, page: str, tables: dict[str, pa.Table]):
    show(browser, page)
    wanted = next(row for row in tables["airports"].to_pylist() if row["name"] == "Denver International Airport")
    browser.run("document.getElementById('search').focus()")
    browser.type("internat denver")
    found = browser.wait_until("[...document.querySelectorAll('#found code')].map(code => code.textContent).join(' ')")
    assert wanted["facility_id"] in found


def test_a_click_shows_what_was_clicked_and_a_link_shows_the_same(
    browser: Browser, page: str, tables: dict[str, pa.Table]
):
    rows = tables["state_capitals"].to_pylist()
    wanted = next(row for row in rows if row["state_code"] == "CO")
    others = "~".join(f"-{layer}" for layer in tables if layer not in ("facilities", "state_capitals"))
    box = wanted["bbox"]
    place = f"{box['ymin']:.5f}/{box['xmin']:.5f}"
    show(browser, f"{page}#map=9/{place}&layers={others}")
    frame = browser.run("(({left, top, width, height}) => [left + width / 2, top + height / 2])(document.getElementById('map').getBoundingClientRect())")
    browser.click(*frame)
    browser.wait_until("document.querySelectorAll('#detail dt').length > 5")
    assert wanted["name"] in browser.run("document.querySelector('#detail h2').textContent")
    link = browser.run("location.href")
    shown = browser.run("document.querySelector('#detail h2').textContent + document.getElementById('summary').textContent")
    show(browser, link)
    browser.wait_until("!document.getElementById('detail').hidden")
    again = browser.run("document.querySelector('#detail h2').textContent + document.getElementById('summary').textContent")
    assert again == shown


def test_filters_are_kept_in_the_address(browser: Browser, page: str):
    show(browser, page)
    browser.run("document.querySelector('[data-key=only-layer-dams]').click()")
    still(browser)
    assert browser.run("document.querySelectorAll('#layers li.off').length") == 9
    assert any(url.endswith("/dams.pmtiles") for url in browser.requests())
    browser.run("document.querySelector('[data-key=by-lifeline]').click()")
    assert "by=lifeline" in browser.run("location.hash")
    browser.run("document.getElementById('reset').click()")
    assert browser.run("document.querySelectorAll('#layers li.off').length") == 0
    assert not browser.complaints()


def test_the_list_has_what_is_in_view(browser: Browser, page: str):
    show(browser, f"{page}#map=9/39.7/-104.9")
    browser.run("document.getElementById('in-view-box').open = true")
    browser.wait_until("document.querySelectorAll('#in-view button').length > 3")
    name = browser.run("document.querySelector('#in-view button').textContent")
    browser.run("document.querySelector('#in-view button').focus()")
    browser.run("document.activeElement.click()")
    browser.wait_until("document.querySelectorAll('#detail dt').length > 5")
    assert browser.run("document.querySelector('#detail h2').textContent") == name


def test_behind_cikr_serve_it_is_the_same(browser: Browser, served: str, tables: dict[str, pa.Table]):
    show(browser, served)
    assert browser.run("location.pathname").endswith("/map/")
    asked = browser.requests()
    assert all(address.startswith((served, "blob:" + served)) for address in asked), asked
    assert len([address for address in asked if not address.endswith("/")]) <= 10, asked
    assert browser.run("document.getElementById('summary').textContent") == f"{len(tables['facilities']):,} facilities"
    wanted = tables["dams"].to_pylist()[3]
    show(browser, f"{served}/#facility={wanted['facility_id']}")
    browser.wait_until("document.querySelectorAll('#detail dt').length > 12")
    tile = browser.run("document.querySelector('#detail .files a').href")
    with urllib.request.urlopen(tile, timeout=10) as answer:
        assert tile.startswith(served) and answer.read(4) == b"PAR1"
    assert not browser.complaints()


def test_a_server_without_ranges_is_told_of(browser: Browser, store: Path, release: Path):
    with served_without_ranges(store / "public") as port:
        browser.show(f"http://127.0.0.1:{port}/releases/{release.name}/map/index.html", *SIZES[0], "light")
        told = browser.wait_until("document.getElementById('notices').textContent")
        assert "byte ranges" in told


def test_a_page_opened_as_a_file_says_how_to_serve_it(browser: Browser, release: Path):
    browser.show((release / "map/index.html").as_uri(), *SIZES[1], "light")
    told = browser.wait_until("document.getElementById('start').innerText.includes('cikr serve') && 1")
    assert told


def test_styles_name_the_archives_and_every_scheme(release: Path):
    map_folder = release / "map"
    styles = sorted(map_folder.glob("style-*.json"))
    assert [style.stem for style in styles] == [f"style-{year}" for year in (2003, 2006, 2009, 2013, 2024)]
    for style in map(lambda path: json.loads(path.read_text()), styles):
        assert style["version"] == 8
        for source in style["sources"].values():
            assert (map_folder / source["url"].removeprefix("pmtiles://")).exists()
        drawn = {layer["source-layer"] for layer in style["layers"]}
        assert "facilities" in drawn and all(layer["source"] == layer["source-layer"] for layer in style["layers"])
