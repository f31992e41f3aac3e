"""Real servers of our own on loopback, which tests may kill: PostgreSQL, Redis, nginx."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not listens(port):
        assert time.monotonic() < end, f"nothing listens on {port}"
        time.sleep(0.05)


def postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """As root it runs as the user postgres, since it refuses to be root."""

    def __init__(self, folder: Path, *options: str) -> None:
        found = postgres_bin()
        assert found, "PostgreSQL is not installed here"
        self.bin, self.port = found, free_port()
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        # pytest's folders are closed to other users
        self.folder = Path(self._run("mktemp", "-d", "-t", "kpu-postgres-XXXXXX").strip())
        self.data = self.folder / "data"
        initdb = ("-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums")
        self._run(str(self.bin / "initdb"), "-D", str(self.data), *initdb)
        self.options = options
        self.start()

    @property
    def url(self) -> str:
        return f"postgres://portal@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        options = " ".join([options, *self.options])
        control = (str(self.bin / "pg_ctl"), "-D", str(self.data), "-w", "-t", "60")
        self._run(*control, "-l", str(self.folder / "log"), "-o", options, "start")

    def kill(self) -> None:
        """SIGKILL to the whole server, as a power cut would, and nothing of it left in the table of
        processes, or the next server takes it for running."""
        master = Path("/proc", self._signal(signal.SIGKILL))
        end = time.monotonic() + 30
        while (listens(self.port) or master.exists()) and time.monotonic() < end:
            time.sleep(0.05)

    def freeze(self) -> None:
        """From now on it takes connections and never answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> str:
        master = (self.data / "postmaster.pid").read_text().split()[0]
        children = subprocess.run(["pgrep", "-P", master], capture_output=True, text=True).stdout.split()
        for pid in [master, *children]:
            with suppress(ProcessLookupError):
                os.kill(int(pid), number)
        return master

    def tool(self, name: str, *arguments: str) -> str:
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "portal")
        return self._run(str(self.bin / name), *place, *arguments)

    def stop(self) -> None:
        command = [*self.as_user, str(self.bin / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "stop"]
        subprocess.run(command, capture_output=True, cwd="/")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [*self.as_user, *command], stdout=subprocess.PIPE, text=True, cwd="/", check=True
        )
        return done.stdout


class Redis:
    """A cache without memory of its own past."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "")
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        wait_for(self.port)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Nginx:
    """nginx with the portal's own configuration, less TLS: its files are the delivered ones."""

    def __init__(self, folder: Path, upstreams: Sequence[int]) -> None:
        self.folder, self.port = folder, free_port()
        self.config = write_nginx_config(folder, upstreams, self.port)
        self.process = subprocess.Popen(["nginx", "-c", str(self.config), "-p", str(folder)])
        wait_for(self.port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def write_nginx_config(folder: Path, upstreams: Sequence[int], port: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    own = ROOT / "deploy/nginx"
    http = (own / "http.conf").read_text().replace("/run/kpu-portal", str(folder))
    (folder / "http.conf").write_text(http)
    servers = "\n".join(
        f"    server 127.0.0.1:{upstream} max_fails=2 fail_timeout=5s;" for upstream in upstreams
    )
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        f"""{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/http.conf;
    upstream kpu_portal {{
{servers}
        keepalive 64;
    }}
    map $scheme $kpu_proto {{ default $scheme; }}
    server {{
        listen 127.0.0.1:{port};
        access_log {folder}/access.log kpu_json;
        include {own}/locations.conf;
    }}
}}
"""
    )
    return config
