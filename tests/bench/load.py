"""Asks a server at a constant rate and tells how long answers took, from the moment at which each was due: `constant_rate`.

Uses nothing but the standard library. A server that stalls is so not asked less, and its stall is in every answer that waited
for it.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

OPEN_S = 30  # an answer that takes longer counts as failed


@dataclass
class Load:
    """What came: seconds of each answer from its due moment, and answers by status (0: none)."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bytes: int = 0
    took: float = 0

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000

    def failed(self) -> int:
        """Answers that were none, or the server's fault."""
        return sum(count for status, count in self.statuses.items() if status == 0 or status >= 500)

    def told(self) -> str:
        median = statistics.median(self.seconds) * 1000
        return (
            f"{len(self.seconds) / self.took:,.0f}/s; p50 {median:.1f} ms, p99 {self.percentile(0.99):.1f} ms, "
            f"max {max(self.seconds) * 1000:.1f} ms; failed {self.failed()} of {len(self.seconds)}; statuses {self.statuses}"
        )


def constant_rate(url: str, paths: list[str], rate: float, seconds: float, connections: int) -> Load:
    """Asks for the paths in turn, so many a second, over so many connections."""
    return asyncio.run(_constant_rate(url, paths, rate, seconds, connections))


async def _constant_rate(url: str, paths: list[str], rate: float, seconds: float, connections: int) -> Load:
    load = Load()
    due: asyncio.Queue = asyncio.Queue()
    begin = time.perf_counter()
    workers = [asyncio.create_task(_work(url, due, load)) for _ in range(connections)]
    for number in range(int(rate * seconds)):
        at = begin + number / rate
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due.put_nowait((at, paths[number % len(paths)]))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    load.took = time.perf_counter() - begin
    return load


async def _work(url: str, due: asyncio.Queue, load: Load) -> None:
    parts = urlsplit(url)
    stream = None
    while (asked := await due.get()) is not None:
        at, path = asked
        try:
            stream = stream or await asyncio.open_connection(parts.hostname, parts.port)
            status, length = await asyncio.wait_for(_ask(stream, parts.netloc, path), OPEN_S)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError, IndexError):
            stream, status, length = None, 0, 0
        load.seconds.append(time.perf_counter() - at)
        load.statuses[status] = load.statuses.get(status, 0) + 1
        load.bytes += length
    if stream:
        stream[1].close()


async def _ask(stream: tuple, host: str, path: str) -> tuple[int, int]:
    reader, writer = stream
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = 0
    for line in head.split("\r\n"):
        if line.startswith("content-length:"):
            length = int(line.split(":")[1])
    if length:
        await reader.readexactly(length)
    return int(head.split(" ")[1]), length
