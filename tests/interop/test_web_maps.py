"""The README's recipe for maps of web pages: MapLibre from npm, in a browser, on `cikr serve`.

That for deck.gl isn't run: what it decodes tiles with comes from a server of its makers while the page runs.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import SOFTWARE_GL, Browser
from conftest import REPOSITORY
from test_http import served_with_ranges

PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<style>body, #map {{ margin: 0; width: 100vw; height: 100vh }}</style>
<div id="map"></div>
<script type="module">
  import {{Map}} from "./maplibre-gl.mjs";
  const style = {{version: 8, sources: {{}}, layers: []}};
  const map = new Map({{container: "map", center: [-97, 31], zoom: 5, style}});
  map.on("load", () => {{ {recipe} }});
  map.on("idle", () => {{ window.found = map.queryRenderedFeatures().length; }});
</script>
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser(*SOFTWARE_GL)
    yield browser
    browser.close()


def recipe(served: str) -> str:
    """The JavaScript of MapLibre's line, asking this server."""
    (line,) = re.findall(r"^- MapLibre: `(.+?)`", (REPOSITORY / "README.md").read_text(), flags=re.MULTILINE)
    assert "http://127.0.0.1:8080" in line
    return line.replace("http://127.0.0.1:8080", served)


def test_maplibre_shows_a_layer_and_asks_nobody_else(browser: Browser, served: str, tmp_path: Path):
    install = REPOSITORY / "src/page/browser/install.sh"
    modules = subprocess.run([install, "--modules"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    for module in (Path(modules) / "node_modules/maplibre-gl/dist").glob("*.mjs"):
        shutil.copy(module, tmp_path)
    (tmp_path / "index.html").write_text(PAGE.format(recipe=recipe(served)))
    with served_with_ranges(tmp_path) as port:
        origin = f"http://127.0.0.1:{port}"
        browser.show(f"{origin}/index.html", 1000, 700, "light")
        assert browser.wait_until("window.found") > 5
        asked = browser.requests()
    assert all(address.startswith((origin, served, "blob:", "data:")) for address in asked), asked
    assert not browser.complaints()
