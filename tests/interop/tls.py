"""Certificates made by openssl, HTTPS servers that show them, and a forward proxy: all real, all on loopback."""

import base64
import http.server
import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Authority:
    """A private authority with its key, and what it signs."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.folder, self.certificate, self.key = folder, folder / "ca.pem", folder / "ca.key"
        subject = ["-subj", f"/CN=Authority of {folder.name}", "-addext", "basicConstraints=critical,CA:TRUE"]
        self.openssl("req", "-x509", *new_key(self.key), *subject, "-days", "2", "-out", self.certificate)

    def openssl(self, *arguments) -> None:
        command = ["openssl", *map(str, arguments)]
        made = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr

    def signed(self, host: str, days: int = 2) -> tuple[Path, Path]:
        """Certificate and key of a host; with negative days it has expired."""
        stem = self.folder / f"{host}{days}"
        certificate, key, request = (stem.with_suffix(f".{kind}") for kind in ("pem", "key", "csr"))
        extensions = stem.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={name_of(host)}\n")
        self.openssl("req", *new_key(key), "-subj", f"/CN={host}", "-out", request)
        signing = ["x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial"]
        self.openssl(*signing, "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key


def new_key(path: Path) -> list:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]


def name_of(host: str) -> str:
    return f"IP:{host}" if host.replace(".", "").isdigit() else f"DNS:{host}"


class Listening:
    """A server on a free port of 127.0.0.1 while the block runs; it keeps what it was asked."""

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler], shown: tuple[Path, Path] | None = None):
        class Handler(handler):
            asked: list = []

        self.asked = Handler.asked
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Who refuses a certificate breaks off the handshake: nothing to tell of.
        self.server.handle_error = lambda request, address: None
        self.scheme = "https" if shown else "http"
        if shown:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*shown)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def __enter__(self) -> "Listening":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def answering(answer: Answer) -> type[http.server.BaseHTTPRequestHandler]:
    """What answers every GET so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # the name http.server calls
            self.asked.append((self.path, dict(self.headers)))
            answer(self)

        def log_message(self, *_):
            pass

    return Handler


def serving(body: bytes, content_type: str = "text/csv") -> type[http.server.BaseHTTPRequestHandler]:
    """What answers every GET with one body."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answering(answer)


class Proxy(http.server.BaseHTTPRequestHandler):
    """A forward proxy: tunnels by CONNECT, forwards what comes by absolute URL; wants user and password."""

    user, password = "pr0xy-user", "pr0xy p4ss/word"
    # Hosts that only the proxy finds.
    names = {"data.example.org": "127.0.0.1"}

    def do_CONNECT(self):  # the name http.server calls
        host, port = self.path.rsplit(":", 1)
        if not self.admits():
            return
        with socket.create_connection((self.names.get(host, host), int(port))) as server:
            self.send_response(200)
            self.end_headers()
            self.pass_on(server)

    def do_GET(self):
        if not self.admits():
            return
        url = urlsplit(self.path)
        with socket.create_connection((self.names.get(url.hostname, url.hostname), url.port)) as server:
            server.sendall(f"GET {url.path} HTTP/1.0\r\nHost: {url.netloc}\r\n\r\n".encode())
            while piece := server.recv(1 << 16):
                self.wfile.write(piece)
        self.close_connection = True

    def admits(self) -> bool:
        self.asked.append((self.command, self.path))
        wanted = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.headers.get("Proxy-Authorization") == wanted:
            return True
        self.send_response(407)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def pass_on(self, server: socket.socket) -> None:
        ends = {self.connection: server, server: self.connection}
        while True:
            ready, _, _ = select.select(list(ends), [], [], 10)
            for end in ready:
                piece = end.recv(1 << 16)
                if not piece:
                    self.close_connection = True
                    return
                ends[end].sendall(piece)
            if not ready:
                return

    def log_message(self, *_):
        pass
