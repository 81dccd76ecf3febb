"""A headless Chromium, driven over a pipe in its DevTools protocol: no driver, no package, no open port."""

import json
import os
import shutil
import struct
import subprocess
import time
import zlib
from base64 import b64decode
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-extensions --hide-scrollbars --mute-audio "
    "--remote-debugging-pipe"
).split()


# WebGL without a graphics card.
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
KEYS = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9}


class Browser:
    """One page of one browser; everything it says is kept in `events`."""

    def __init__(self, *switches: str) -> None:
        program = next(filter(None, map(shutil.which, NAMES)), None)
        assert program, f"none of {', '.join(NAMES)} is installed: `tests/setup.sh test` installs it"
        self.profile = TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        # The browser reads descriptor 3 and writes 4; a shell puts them there, since Popen can only keep numbers.
        quiet = [switch for switch in QUIET if not (switches and switch == "--disable-gpu")]
        command = [program, *quiet, *switches, f"--user-data-dir={self.profile.name}"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        shell = ["bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "bash"]
        self.process = subprocess.Popen(
            [*shell, *command], pass_fds=(to_browser, from_browser), stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.waiting, self.events = 0, b"", []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        os.close(self.write_end)
        os.close(self.read_end)
        self.process.kill()
        self.process.wait()
        self.profile.cleanup()

    def call(self, method: str, **params: object) -> dict:
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def receive(self) -> dict:
        while b"\0" not in self.waiting:
            more = os.read(self.read_end, 1 << 16)
            assert more, "the browser is gone"
            self.waiting += more
        message, self.waiting = self.waiting.split(b"\0", 1)
        return json.loads(message)

    def wait_for(self, method: str) -> None:
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def open(self, page: Path, width: int, scheme: str) -> None:
        """Shows a file at a width, in the light or the dark."""
        self.show(page.as_uri(), width, 900, scheme)

    def show(self, url: str, width: int, height: int, scheme: str) -> None:
        """Shows a page at a size, in the light or the dark; one that is shown already is opened anew."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        # By way of an empty page: to another place of the same page a browser goes without loading it.
        for address in ("about:blank", url):
            self.events.clear()
            self.call("Page.navigate", url=address)
            self.wait_for("Page.loadEventFired")

    def run(self, script: str) -> object:
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, script: str, seconds: float = 30) -> object:
        """What a script gives, once that is something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if answer := self.run(script):
                return answer
            time.sleep(0.1)
        raise AssertionError(f"still not so after {seconds} s: {script}")

    def click(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])

    def complaints(self) -> list[str]:
        """Errors in the console, exceptions, and what the page's policy forbade."""
        self.run("0")  # What is on its way arrives first.
        told = []
        for event in self.events:
            params = event.get("params", {})
            match event.get("method"):
                case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                    told.append(json.dumps(params))
                case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                    told.append(params["entry"]["text"])
        return told

    def requests(self) -> list[str]:
        """Addresses asked for, but for data within the page."""
        self.run("0")
        sent = (event for event in self.events if event.get("method") == "Network.requestWillBeSent")
        urls = (event["params"]["request"]["url"] for event in sent)
        return [url for url in urls if not url.startswith("data:")]

    def colours(self) -> Counter:
        """Pixels by colour of what is seen, at a quarter of its size."""
        size = self.run("[innerWidth, innerHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 0.25}
        return Counter(pixels(b64decode(self.call("Page.captureScreenshot", format="png", clip=clip)["data"])))


def pixels(png: bytes) -> list[bytes]:
    """Pixels of an 8-bit RGB or RGBA image that is not interlaced (PNG specification, chapter 9: filtering)."""
    at, data, width, depth = 8, b"", 0, 3
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, _, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            assert bits == 8 and colour in (2, 6) and not interlaced
            depth = 3 if colour == 2 else 4
        data += body if kind == b"IDAT" else b""
        at += length + 12
    raw, found, above = zlib.decompress(data), [], bytes(width * depth)
    for start in range(0, len(raw), width * depth + 1):
        row = unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + width * depth]), above, depth)
        found += (bytes(row[i : i + 3]) for i in range(0, len(row), depth))
        above = row
    return found


def unfiltered(kind: int, row: bytearray, above: bytes, depth: int) -> bytearray:
    for i in range(len(row)):
        left, corner = (row[i - depth], above[i - depth]) if i >= depth else (0, 0)
        up = above[i]
        row[i] = (row[i] + (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]) & 255
    return row


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))
