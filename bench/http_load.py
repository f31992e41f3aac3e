"""A program that asks a server for one address over and over, from several connections at once, and tells how
many answers a second it got: in a process of its own, so that it does not share the server's interpreter.

    .venv/bin/python bench/http_load.py PORT PATH [--connections 8] [--seconds 5] [--header 'NAME: VALUE']
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
END = b"\r\n\r\n"


# --- the program --------------------------------------------------------------------------------------


class Connection:
    """One reader: asks, reads the whole answer, asks again."""

    def __init__(self, port: int, asked: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = asked
        self.ask()

    def ask(self) -> None:
        self.begun, self.head, self.missing = time.perf_counter(), b"", -1
        self.socket.sendall(self.asked)

    def read(self) -> bool:
        """Whether the answer is whole."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise SystemExit("the server closed a connection")
        if self.missing >= 0:
            self.missing -= len(data)
            return self.missing <= 0
        self.head += data
        if (end := self.head.find(END)) < 0:
            return False
        self.status = self.head[9:12].decode()
        length = 0 if self.status == "304" else content_length(self.head[:end])
        self.missing = length - (len(self.head) - end - len(END))
        return self.missing <= 0


def content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise SystemExit("an answer without a length")


def run(port: int, asked: bytes, connections: int, seconds: float) -> dict[str, Any]:
    readers = selectors.DefaultSelector()
    for _number in range(connections):
        one = Connection(port, asked)
        readers.register(one.socket, selectors.EVENT_READ, one)
    statuses: Counter[str] = Counter()
    taken: list[float] = []
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for key, _events in readers.select(1):
            one = key.data
            if one.read():
                taken.append(time.perf_counter() - one.begun)
                statuses[one.status] += 1
                one.ask()
    wall = time.perf_counter() - begun
    taken.sort()
    return {
        "rate": len(taken) / wall,
        "p50": taken[len(taken) // 2] * 1000,
        "p95": taken[len(taken) * 95 // 100] * 1000,
        "statuses": dict(statuses),
    }


# --- for the benches ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What one run told, and what the server spent on each answer."""

    rate: float  # answers a second
    p50: float  # ms
    p95: float
    cpu: float  # µs of the server and its workers an answer
    statuses: dict[str, int]


def load(
    pid: int, port: int, path: str, extra: str = "", *, connections: int = 1, seconds: float = 3
) -> Load:
    """Ask the server `pid`, first to warm it up. `extra` are lines of headers."""
    command = [sys.executable, __file__, str(port), path, "--connections", str(connections)]
    for line in filter(None, extra.split("\r\n")):
        command += ["--header", line]
    subprocess.run([*command, "--seconds", "0.3"], check=True, stdout=subprocess.DEVNULL)
    used = server_cpu(pid)
    told = subprocess.run([*command, "--seconds", str(seconds)], check=True, capture_output=True)
    found = json.loads(told.stdout)
    count = sum(found["statuses"].values())
    return Load(cpu=(server_cpu(pid) - used) / count * 1e6, **found)


class Server:
    """`serve` on a port of its own, until the end of the block."""

    def __init__(self, **environment: str) -> None:
        self.environment = {**os.environ, **environment}

    def __enter__(self) -> Self:
        self.port = free_port()
        command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.environment)
        wait_for(self.port)
        return self

    def __exit__(self, *_what: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def load(self, path: str, extra: str = "", *, connections: int = 1, seconds: float = 3) -> Load:
        return load(self.process.pid, self.port, path, extra, connections=connections, seconds=seconds)

    def tag(self, path: str) -> str:
        """The ETag of the answer to what `load` asks."""
        with socket.create_connection(("127.0.0.1", self.port)) as one:
            one.sendall(request(path, ""))
            head = one.recv(4096).partition(END)[0]
        lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        return next(value.decode() for name, value in lines.items() if name.lower() == b"etag")


def request(path: str, extra: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{extra}\r\n".encode()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    for _attempt in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def server_cpu(pid: int) -> float:
    """Seconds of the server and its workers (Linux)."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--header", action="append", default=[])
    options = parser.parse_args()
    asked = request(options.path, "".join(f"{line}\r\n" for line in options.header))
    print(json.dumps(run(options.port, asked, options.connections, options.seconds)))


if __name__ == "__main__":
    main()
