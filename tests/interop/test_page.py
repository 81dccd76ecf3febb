"""The report page in a browser: at two widths, light and dark, it fits, loads nothing and says what it must."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from conftest import REPOSITORY, jurisdiction

WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")

# Whatever sticks out to the side, elements and lines of text alike, unless a box that scrolls or a drawing holds it.
OVERFLOW = """(() => {
    document.querySelectorAll('details').forEach(details => { details.open = true })
    const root = document.scrollingElement, width = root.clientWidth, found = []
    if (root.scrollWidth > width) found.push(`the page is ${root.scrollWidth} wide in ${width}`)
    const holds = box => {
        const {overflowX} = getComputedStyle(box), {left, right} = box.getBoundingClientRect()
        const isBox = ['auto', 'scroll'].includes(overflowX) || (box.tagName === 'svg' && overflowX === 'hidden')
        return isBox && left >= -0.5 && right <= width + 0.5
    }
    const isHeld = element => {
        for (let box = element; box && box !== document.body; box = box.parentElement) if (holds(box)) return true
        return false
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
    for (let node; (node = walker.nextNode());) {
        const isText = node.nodeType === Node.TEXT_NODE, range = document.createRange()
        range.selectNodeContents(node)
        const boxes = isText ? [...range.getClientRects()] : [node.getBoundingClientRect()]
        const isOut = boxes.some(({left, right, width: w}) => w > 0 && (left < -0.5 || right > width + 0.5))
        if (isOut && !isHeld(isText ? node.parentElement : node))
            found.push(`${isText ? node.data.trim().slice(0, 60) : node.outerHTML.slice(0, 120)}`)
    }
    return found
})()"""

# Contrast of every text with what lies behind it (WCAG 2.2, 1.4.3): 4.5, or 3 where large.
CONTRAST = """(() => {
    const parse = text => text.match(/[\\d.]+/g).map(Number)
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    const behind = element => {
        for (let box = element; box; box = box.parentElement) {
            const colour = parse(getComputedStyle(box).backgroundColor)
            if (colour.length === 3 || colour[3] === 1) return colour
        }
        return [255, 255, 255]
    }
    const found = []
    for (const element of document.body.querySelectorAll('*')) {
        if (element.closest('svg') || ![...element.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue
        const style = getComputedStyle(element), [a, b] = [light(parse(style.color)), light(behind(element))]
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
        const size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
        if (ratio < (isLarge ? 3 : 4.5)) found.push(`${ratio.toFixed(2)}: ${element.outerHTML.slice(0, 100)}`)
    }
    return found
})()"""

# What assistive technology needs: named landmarks and drawings, headers of tables, headings in order, links that lead.
ACCESS = """(() => {
    const found = [], told = (query, why, isBad) => document.querySelectorAll(query)
        .forEach(e => { if (isBad(e)) found.push(`${why}: ${e.outerHTML.slice(0, 100)}`) })
    for (const landmark of ['header', 'nav[aria-label]', 'main', 'footer'])
        if (document.querySelectorAll(`body > ${landmark}`).length !== 1) found.push(`not one ${landmark}`)
    told('section', 'names nothing', e => !document.getElementById(e.getAttribute('aria-labelledby')))
    told('svg', 'has no name', e => !e.getAttribute('aria-label') && e.getAttribute('aria-hidden') !== 'true')
    told('table', 'has no header', e => !e.querySelector('thead th[scope=col]'))
    told('tbody tr', 'is no row of its table', e => e.children.length !== e.closest('table').querySelectorAll('thead th').length)
    told('.box, pre', 'scrolls but takes no focus', e => e.tabIndex !== 0)
    told('a[href^="#"]', 'leads nowhere', e => !document.querySelector(e.getAttribute('href')))
    told('[id]', 'stands twice', e => document.querySelectorAll(`#${e.id}`).length !== 1)
    let before = 0
    for (const h of document.querySelectorAll('h1, h2, h3, h4')) {
        const level = Number(h.tagName[1])
        if (level > before + 1) found.push(`skips a level: ${h.textContent}`)
        before = level
    }
    return found
})()"""

LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 4
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(release: Path, program: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        "plain": release / "report.html",
        "troubled": troubled(program, tmp_path_factory.mktemp("troubled")) / "report.html",
    }


def troubled(program: Path, folder: Path) -> Path:
    """A third release in which one layer is carried, one absent, and names and values are long or hostile."""
    (folder / "schemas").mkdir()
    (folder / "schemas" / "reference").symlink_to(REPOSITORY / "schemas" / "reference")
    layers = {"well": "Well", "broken": "Broken", "absent": LONG, "hostile": HOSTILE, "held": LONG, "drifts": HOSTILE}
    gates = {"well": "shrink = 60", "drifts": "drift = false"}
    pipeline = f"""
id = "troubled"
title = {json.dumps("Troubled " + HOSTILE)}
description = "{LONG}"
store = "store"
schemas = "schemas"
{jurisdiction("state")}"""
    for layer, title in layers.items():
        pipeline += f'[[layer]]\nid = "{layer}"\nsource.csv = {{ path = "{layer}.csv", x = "X", y = "Y", crs = "EPSG:4326" }}\n'
        pipeline += f"gate = {{ {gates[layer]} }}\n" if layer in gates else ""
        schema = f"""
title = {json.dumps(title)}
description = "A layer"
agency = {json.dumps(title)}
licence = "{LONG}"
homepage = "javascript:alert(1)"
key = ["id"]
geometry = "point"
max-rejects = 0.9
[sector]
code = "WATR"
[[field]]
name = "id"
from = ["ID"]
description = "key"
[[field]]
name = "beds"
from = ["BEDS"]
type = "integer"
description = "beds"
"""
        (folder / "schemas" / f"{layer}.toml").write_text(schema)
        bad = f'9,1,"{HOSTILE}",30\n8,{LONG},{LONG},31\n'
        rows = "".join(f"a{i},{i},{-98 + i / 7},{31 + i / 9}\n" for i in range(40))
        if layer != "absent":
            (folder / f"{layer}.csv").write_text("ID,BEDS,X,Y\n" + rows + bad)
    (folder / "pipeline.toml").write_text(pipeline)
    def last_night() -> None:
        (folder / "broken.csv").unlink()
        shrink(folder / "held.csv")
        drifts = folder / "drifts.csv"
        header, *rows = drifts.read_text().splitlines()
        header = f"NEW_{LONG},{header.replace('BEDS', 'BEDS_2')}"
        drifts.write_text("\n".join([header, *(f"new,{row}" for row in rows), ""]))

    for change in (lambda: None, lambda: shrink(folder / "well.csv"), last_night):
        change()
        run = subprocess.run([program, "run", "pipeline.toml"], cwd=folder, capture_output=True, text=True)
        assert run.returncode == 5, run.stderr
    latest = json.loads((folder / "store" / "public" / "latest.json").read_text())["release"]
    return folder / "store" / "public" / "releases" / latest


def shrink(source: Path) -> None:
    source.write_text("".join(source.read_text().splitlines(keepends=True)[:-20]))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["plain", "troubled"])
def test_the_page_fits_and_loads_nothing(
    browser: Browser, pages: dict[str, Path], name: str, scheme: str, width: int
):
    browser.open(pages[name], width, scheme)
    assert browser.run("innerWidth") == width
    assert browser.run(OVERFLOW) == []
    assert browser.run(CONTRAST) == []
    assert browser.run(ACCESS) == []
    assert browser.complaints() == []
    assert browser.requests() == [pages[name].as_uri()]
    assert browser.run("document.scripts.length") == 0

    colours = browser.colours()
    ground, most = colours.most_common(1)[0]
    assert len(colours) >= 20 and most < 0.98 * colours.total(), "the screen is blank"
    assert (sum(ground) > 600) == (scheme == "light")


@pytest.mark.parametrize(
    "planted",
    [
        '<p style="width:3000px">wide</p>',
        '<p style="white-space:nowrap">' + "long " * 200 + "</p>",
        '<p style="position:relative;left:-400px">left</p>',
        f'<p style="overflow-wrap:normal;width:50px">{LONG}</p>',
        '<div style="overflow:hidden"><p style="width:3000px">cut off</p></div>',
    ],
)
@pytest.mark.parametrize("width", WIDTHS)
def test_what_sticks_out_is_seen(
    browser: Browser, pages: dict[str, Path], tmp_path: Path, planted: str, width: int
):
    text = pages["plain"].read_text().replace("</main>", planted + "</main>")
    (tmp_path / "planted.html").write_text(text)
    browser.open(tmp_path / "planted.html", width, "light")
    assert browser.run(OVERFLOW)


@pytest.mark.parametrize(
    "planted",
    ["<script>alert(1)</script>", '<img src="http://127.0.0.1:9/x.png">', '<img src="data:," onerror="x">'],
)
def test_the_policy_stops_what_is_planted(
    browser: Browser, pages: dict[str, Path], tmp_path: Path, planted: str
):
    text = pages["plain"].read_text().replace("</main>", planted + "</main>")
    (tmp_path / "planted.html").write_text(text)
    browser.open(tmp_path / "planted.html", 1280, "light")
    assert browser.complaints()


def test_hostile_names_and_values_are_text(browser: Browser, pages: dict[str, Path]):
    browser.open(pages["troubled"], 1280, "light")
    shown = browser.run("document.body.textContent")
    assert shown.count(HOSTILE) >= 4
    assert browser.run("document.querySelectorAll('script, img, iframe, [onerror], a[href^=javascript]').length") == 0


def test_failures_and_changes_are_told(browser: Browser, pages: dict[str, Path]):
    browser.open(pages["troubled"], 1280, "light")
    state = browser.run("document.querySelector('.state').textContent")
    assert "Of 6 layers, 3 are of this run, 2 are carried from an earlier release, 1 is absent." in state
    failed = browser.run("document.querySelector('[aria-labelledby=failed]').innerText")
    assert "carried" in failed and "absent" in failed and "broken.csv" in failed
    assert "22 rows instead of 42" in failed and "cikr accept PIPELINE held --reason" in failed
    changes = browser.run("document.querySelector('[aria-labelledby=changes]').innerText")
    assert "`BEDS_2` looks like it" in changes and "NEW_Pneumono" in changes
    rows = browser.run("[...document.querySelectorAll('[aria-labelledby=layers] tbody tr')].map(row => row.innerText)")
    assert len(rows) == 6
    trend = browser.run("document.querySelector('.sp').getAttribute('aria-label')")
    assert trend == "rows in the last 3 releases, oldest first: 40; 22; 22"


def test_every_link_leads_to_a_file(browser: Browser, pages: dict[str, Path]):
    for page in pages.values():
        browser.open(page, 1280, "light")
        hrefs = browser.run("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
        files = {href for href in hrefs if not href.startswith(("#", "https://", "http://"))}
        assert {"README.md", "catalog.json", "report.json", "manifest.json", "urls.txt"} <= files
        assert not [href for href in files if not (page.parent / href).is_file()]
