"""Koop as a service to pull from: `with Koop({"Airports": features}, "--fail-every", "3") as koop`."""

import json
import subprocess
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parents[1] / "koop"


class Koop:
    """GeoJSON features by service name, served on a free port of 127.0.0.1 while the context lasts."""

    def __init__(self, folder: Path, services: dict[str, list[dict]], *switches: str):
        folder.mkdir(parents=True, exist_ok=True)
        for name, features in services.items():
            path = folder / f"{name}.geojson"
            path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        self.folder, self.switches = folder, switches

    def __enter__(self) -> "Koop":
        installed = subprocess.run([HERE / "install.sh"], check=True, stdout=subprocess.PIPE, text=True)
        command = ["node", HERE / "server.mjs", "--data", self.folder, *self.switches]
        self.process = subprocess.Popen(
            command, cwd=installed.stdout.strip(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self.root = self.process.stdout.readline().strip()
        assert self.root.startswith("http://127.0.0.1:"), f"Koop did not start: {self.root!r}"
        self.port = self.root.removeprefix("http://127.0.0.1:").split("/")[0]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def layer(self, service: str) -> str:
        """URL of a service's only layer."""
        return f"{self.root}/{service}/FeatureServer/0"

    def spent(self) -> dict:
        """Queries, and milliseconds of the server's processor time, since `reset`."""
        with urllib.request.urlopen(self.root.removesuffix("/files/rest/services") + "/spent") as answer:
            return json.load(answer)

    def reset(self) -> None:
        """Starts `spent` anew."""
        url = self.root.removesuffix("/files/rest/services") + "/spent"
        urllib.request.urlopen(urllib.request.Request(url, method="POST")).close()
