"""The program against real certificates and a real proxy, all on loopback: what it trusts, what it says, what it hides."""

import base64
import json
import os
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from conftest import REPOSITORY
from tls import Authority, Listening, Proxy, answering, serving

CSV = b"ID,NAME,LON,LAT\n1,first,-95,35\n2,second,-96,36\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "other")


SCHEMA = """
title = "Points"
description = "Points of a test"
agency = "Test Agency"
licence = "CC0-1.0"
key = ["id"]
geometry = "point"

[sector]
code = "HLPH"

[[field]]
name = "id"
from = ["ID"]
description = "key"
"""


class Folder:
    """A pipeline over layers behind URLs, and the program run on it."""

    def __init__(self, path: Path, program: Path, urls: dict[str, str]):
        self.path, self.program = path, program
        (path / "schemas").mkdir(parents=True)
        (path / "schemas/points.toml").write_text(SCHEMA)
        text = f'id = "t"\ntitle = "T"\nstore = "store"\nschemas = "schemas"\nreference = "{REPOSITORY}/schemas/reference"\n'
        for layer, source in urls.items():
            csv = 'csv = { x = "LON", y = "LAT" }, crs = "EPSG:4326"'
            text += f'\n[[layer]]\nid = "{layer}"\nschema = "points"\nsource.http = {{ {source}, {csv} }}\n'
        (path / "pipeline.toml").write_text(text)

    def cikr(self, *arguments: str, code: int, **environment: str) -> subprocess.CompletedProcess:
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        ended = subprocess.run(
            [self.program, *arguments],
            cwd=self.path,
            env=clean | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended

    def fetch(self, code: int, **environment: str) -> dict[str, dict]:
        """Each layer's outcome of `cikr fetch`; what was said stays in `said`."""
        ended = self.cikr("fetch", "pipeline.toml", "-vv", "--format", "json", code=code, **environment)
        self.said = ended.stdout + ended.stderr
        return {layer["id"]: layer for layer in json.loads(ended.stdout)["layers"]}

    def record(self, layer: str) -> dict:
        return json.loads((self.path / "store/landing" / layer / "held.json").read_text())["fetch"]

    def holds(self, *texts: str) -> list[str]:
        """Files of the folder, and what was said, that show a text."""
        files = {str(path): path.read_bytes() for path in self.path.rglob("*") if path.is_file()}
        files["what was said"] = self.said.encode()
        return [name for name, content in files.items() if any(text.encode() in content for text in texts)]


def folder(tmp_path, program, **urls: str) -> Folder:
    return Folder(tmp_path / "folder", program, urls)


def refused(outcome: dict, *said: str) -> None:
    assert outcome["status"] == "failed"
    for text in (*said, "cannot be trusted", "`insecure-tls = true`"):
        assert text in outcome["reason"], outcome["reason"]


def test_certificates_are_verified(program, authority, stranger, tmp_path):
    trust = {"SSL_CERT_FILE": str(authority.certificate)}
    with (
        Listening(serving(CSV), authority.signed("127.0.0.1")) as good,
        Listening(serving(CSV), authority.signed("127.0.0.1", days=-1)) as expired,
        Listening(serving(CSV), authority.signed("elsewhere.example.org")) as named,
        Listening(serving(CSV), (stranger.certificate, stranger.key)) as own,
        Listening(serving(CSV), stranger.signed("127.0.0.1")) as unknown,
    ):
        servers = {"good": good, "expired": expired, "named": named, "own": own, "unknown": unknown}
        urls = {name: f'url = "{server.url("/a.csv")}"' for name, server in servers.items()}
        with_trust = folder(tmp_path, program, **urls)
        outcomes = with_trust.fetch(5, **trust)
        assert outcomes["good"]["status"] == "new"
        refused(outcomes["expired"], f"127.0.0.1:{expired.port}", "it has expired")
        refused(outcomes["named"], f"127.0.0.1:{named.port}", "issued for another host")
        refused(outcomes["own"], f"127.0.0.1:{own.port}", "issued by the server itself")
        refused(outcomes["unknown"], f"127.0.0.1:{unknown.port}", "issuer is unknown", "`SSL_CERT_FILE`")
        # Nothing was sent over a connection that isn't trusted, and nothing is asked again in vain.
        assert [len(server.asked) for server in servers.values()] == [1, 0, 0, 0, 0]
        assert "insecure" not in with_trust.said.replace("`insecure-tls = true` in the source", "")
        # Without the authority's certificate, it is as unknown as any.
        outcomes = Folder(tmp_path / "untrusting", program, {"good": urls["good"]}).fetch(4)
        refused(outcomes["good"], f"127.0.0.1:{good.port}", "issuer is unknown", "`SSL_CERT_FILE`")


def test_the_opt_out_is_of_one_source_and_told_every_time(program, stranger, tmp_path):
    with Listening(serving(CSV), stranger.signed("elsewhere.example.org", days=-1)) as server:
        url = f'url = "{server.url("/a.csv")}"'
        both = folder(tmp_path, program, verified=url, trusting=f"{url}, insecure-tls = true")
        for status in ("new", "unchanged"):
            outcomes = both.fetch(5)
            assert outcomes["trusting"]["status"] == status
            refused(outcomes["verified"], f"127.0.0.1:{server.port}")
            told = [line for line in both.said.splitlines() if "the server's certificate is not verified" in line]
            assert len(told) == 1 and "WARN" in told[0] and "trusting" in told[0], both.said
        assert both.record("trusting")["insecure_tls"] is True
        ended = both.cikr("run", "pipeline.toml", "--format", "json", code=5)
        layers = {layer["id"]: layer["insecure_tls"] for layer in json.loads(ended.stdout)["layers"]}
        assert layers == {"verified": False, "trusting": True}
        told = both.cikr("run", "pipeline.toml", code=5).stdout
        assert "certificate not verified" in told, told


def test_no_redirect_leads_from_https_to_http(program, authority, tmp_path):
    with Listening(serving(CSV)) as plain:

        def lower(handler) -> None:
            handler.send_response(302)
            handler.send_header("Location", plain.url("/a.csv"))
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with Listening(answering(lower), authority.signed("127.0.0.1")) as server:
            layers = folder(tmp_path, program, points=f'url = "{server.url("/a.csv")}"')
            outcome = layers.fetch(4, SSL_CERT_FILE=str(authority.certificate))["points"]
            assert "a lower scheme" in outcome["reason"], outcome["reason"]
            assert len(server.asked) == 1 and not plain.asked


def proxied(proxy: Listening, password: str = Proxy.password) -> str:
    return f"http://{Proxy.user}:{quote(password, safe='')}@127.0.0.1:{proxy.port}"


SECRETS = (Proxy.password, quote(Proxy.password, safe=""), Proxy.user)
SECRETS += (base64.b64encode(f"{Proxy.user}:{Proxy.password}".encode()).decode(),)


@pytest.mark.parametrize("names", [("http_proxy", "https_proxy"), ("HTTP_PROXY", "HTTPS_PROXY"), ("all_proxy",), ("ALL_PROXY",)])
def test_proxies_of_the_environment_are_used(names, program, authority, tmp_path):
    """By a name that only the proxy can resolve, in the clear and through a tunnel."""
    with (
        Listening(serving(CSV)) as plain,
        Listening(serving(CSV), authority.signed("data.example.org")) as secure,
        Listening(Proxy) as proxy,
    ):
        urls = {server.scheme: f'url = "{server.url("/a.csv", "data.example.org")}"' for server in (plain, secure)}
        layers = folder(tmp_path, program, **urls)
        environment = dict.fromkeys(names, proxied(proxy)) | {"SSL_CERT_FILE": str(authority.certificate)}
        outcomes = layers.fetch(0, **environment)
        assert {layer["status"] for layer in outcomes.values()} == {"new"}
        tunnel, forward = f"data.example.org:{secure.port}", plain.url("/a.csv", "data.example.org")
        assert sorted(proxy.asked) == [("CONNECT", tunnel), ("GET", forward)]
        assert not layers.holds(*SECRETS)


def test_hosts_of_no_proxy_are_asked_directly(program, tmp_path):
    with Listening(serving(CSV)) as server, Listening(Proxy) as proxy:
        layers = folder(tmp_path, program, points=f'url = "{server.url("/a.csv")}"')
        layers.fetch(0, http_proxy=proxied(proxy), no_proxy="example.org,127.0.0.1")
        assert len(server.asked) == 1 and not proxy.asked


def test_a_web_servers_proxy_header_leads_nobody_astray(program, tmp_path):
    with Listening(serving(CSV)) as server, Listening(Proxy) as proxy:
        layers = folder(tmp_path, program, points=f'url = "{server.url("/a.csv")}"')
        layers.fetch(0, HTTP_PROXY=proxied(proxy), REQUEST_METHOD="GET")
        assert len(server.asked) == 1 and not proxy.asked


def test_a_proxy_that_fails_is_named_without_its_password(program, tmp_path):
    with socket.socket() as unused, Listening(Proxy) as proxy:
        unused.bind(("127.0.0.1", 0))  # nobody listens: refused
        gone = f"127.0.0.1:{unused.getsockname()[1]}"
        urls = {scheme: f'url = "{scheme}://data.example.org/a.csv"' for scheme in ("http", "https")}
        layers = folder(tmp_path, program, **urls)
        address = proxied(proxy).replace(f"127.0.0.1:{proxy.port}", gone)
        for layer in layers.fetch(4, all_proxy=address).values():
            assert f"by the proxy {gone}" in layer["reason"], layer["reason"]
            assert "refused" in layer["reason"], layer["reason"]
        assert not layers.holds(*SECRETS)
        wrong = "wr0ng p4ss"
        outcomes = layers.fetch(4, all_proxy=proxied(proxy, wrong))
        assert "407" in outcomes["http"]["reason"], outcomes["http"]["reason"]
        assert "proxy authorization required" in outcomes["https"]["reason"], outcomes["https"]["reason"]
        assert f"by the proxy 127.0.0.1:{proxy.port}" in outcomes["https"]["reason"]
        assert not layers.holds(*SECRETS, wrong, quote(wrong))
        layers.path.joinpath("store").rename(tmp_path / "old")
        ended = layers.cikr("fetch", "pipeline.toml", "-vv", code=4, all_proxy=f"htp:/{Proxy.password}")
        layers.said = ended.stdout + ended.stderr
        assert not layers.holds(*SECRETS)
