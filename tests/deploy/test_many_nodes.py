"""One portal on several nodes by settings alone: PostgreSQL, Redis, two web nodes and two workers, each with
an index and folder of its own, behind nginx with the delivered configuration."""

from __future__ import annotations

import json
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.installation import Installation, kill_group, stop, wait_until
from tests.satker_network import SatkerNetwork, build_rss
from tests.services import Nginx, Postgres, Redis, free_port, postgres_bin

MISSING = [name for name in ("nginx", "redis-server") if not shutil.which(name)]
MISSING += [] if postgres_bin() else ["postgresql"]
pytestmark = [
    pytest.mark.processes,
    pytest.mark.timeout(400),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}"),
]
SITES, POSTS = 6, 5


def ask(url: str, **headers: str) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode()


def answers(url: str) -> bool:
    try:
        return ask(url)[0] == 200
    except OSError:
        return False


def posts(site: int, count: int = POSTS) -> bytes:
    items = [
        {"title": f"KPU situs {site} mengumumkan kegiatan {n}", "guid": f"urn:{site}:{n}"}
        for n in range(count)
    ]
    return build_rss(items)


@pytest.fixture(scope="module")
def portal(tmp_path_factory) -> Iterator[SimpleNamespace]:
    root: Path = tmp_path_factory.mktemp("nodes")
    with SatkerNetwork() as net, ExitStack() as running:
        database = Postgres(root)
        running.callback(database.stop)
        cache = Redis(root)
        running.callback(cache.kill)
        sites = [net.site() for _number in range(SITES)]
        for number, site in enumerate(sites):
            site.feed("/feed", posts(number))
        ports = [free_port(), free_port()]
        nginx = Nginx(root / "nginx", ports)
        running.callback(nginx.stop)

        def node(name: str) -> Installation:
            (root / name).mkdir()
            shared = {"DATABASE_URL": database.url, "REDIS_URL": cache.url, "BASE_URL": nginx.url}
            more = {
                "WEB_WORKERS": "1",
                "WORKERS": "1",
                "TRUSTED_PROXIES": "127.0.0.0/8",
                "LIMIT_SEARCH": "10",
            }
            return Installation(root / name, net.port, SECRET_KEY="s" * 50, **shared, **more)

        def start(installation: Installation, *command: str):
            process = installation.popen(*command)
            running.callback(stop, process)
            return process

        nodes = [node(f"web{number}") for number in (0, 1)]
        nodes[0].set_up([site.url("/feed") for site in sites])
        webs = [
            start(nodes[number], "serve", "--port", str(ports[number]), "--follow-index") for number in (0, 1)
        ]
        for number in (0, 1):
            start(node(f"worker{number}"), "work", "--no-index")
        for port in ports:
            wait_until(lambda port=port: answers(f"http://127.0.0.1:{port}/healthz"), 60)
        wait_until(lambda: nodes[0].states() == ["public"] * SITES * POSTS, 150)
        for port in ports:
            wait_until(lambda port=port: answers(f"http://127.0.0.1:{port}/readyz"), 60)
        yield SimpleNamespace(
            url=nginx.url, ports=ports, sites=sites, webs=webs, node=nodes[0], cache=cache, nginx=nginx
        )


def test_two_workers_ask_no_site_twice_at_once_and_store_nothing_twice(portal) -> None:
    assert max(site.most_at_once for site in portal.sites) == 1
    guids = [entry["guid"] for entry in portal.node.entries()]
    assert len(guids) == len(set(guids)) == SITES * POSTS


def test_every_web_node_searches_an_index_of_its_own(portal) -> None:
    for port in portal.ports:
        wait_until(lambda port=port: "kegiatan" in ask(f"http://127.0.0.1:{port}/cari?q=mengumumkan")[2], 30)
    assert json.loads(ask(f"http://127.0.0.1:{portal.ports[1]}/readyz")[2])["index"] == "ok"


def test_nginx_keeps_pages_for_moments_and_answers_old_ones_while_it_asks_anew(portal) -> None:
    ask(f"{portal.url}/provinsi")
    assert ask(f"{portal.url}/provinsi")[1]["x-proxy-cache"] == "HIT"
    feed = ask(f"{portal.url}/feeds/nasional.rss")
    assert feed[0] == 200
    assert ask(f"{portal.url}/feeds/nasional.rss")[1]["x-proxy-cache"] == "HIT"


def test_what_others_add_to_an_address_makes_no_copy_of_its_own(portal) -> None:
    ask(f"{portal.url}/topik")
    assert ask(f"{portal.url}/topik?utm_source=x&fbclid=7")[1]["x-proxy-cache"] == "HIT"
    assert ask(f"{portal.url}/topik?utm_source=x&sebelum=y")[1]["x-proxy-cache"] == "MISS"


def test_connections_that_are_kept_open_stop_no_reader(portal) -> None:
    """As many as nginx keeps, and more than there are threads."""
    with ExitStack() as opened:
        for _number in range(100):
            wire = opened.enter_context(socket.create_connection(("127.0.0.1", portal.ports[0]), timeout=10))
            wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert wire.recv(100).startswith(b"HTTP/1.1 200")


def test_staff_pages_and_health_are_kept_by_nobody_and_figures_are_not_there(portal) -> None:
    assert ask(f"{portal.url}/masuk")[1]["x-proxy-cache"] == "BYPASS"
    assert ask(f"{portal.url}/healthz")[1]["x-proxy-cache"] == "BYPASS"
    assert ask(f"{portal.url}/metrics")[0] == 404
    assert "portal_feeds" in ask(f"http://127.0.0.1:{portal.ports[0]}/metrics")[2]


def test_a_limit_counts_readers_and_not_the_proxy_on_all_nodes_together(portal) -> None:
    while time.time() % 60 > 50:
        time.sleep(0.5)
    codes = []
    for number in range(16):
        port = portal.ports[number % 2]
        address = {"X-Forwarded-For": "203.0.113.77"}
        codes.append(ask(f"http://127.0.0.1:{port}/cari?q=psu+{number}", **address)[0])
    assert codes.count(429) == 6
    assert (
        ask(f"http://127.0.0.1:{portal.ports[0]}/cari?q=psu", **{"X-Forwarded-For": "203.0.113.78"})[0] == 200
    )


def test_the_scheme_and_name_of_a_request_come_from_the_proxy(portal) -> None:
    assert ask(f"{portal.url}/healthz")[1]["x-request-id"]
    lines = (portal.nginx.folder / "access.log").read_text().splitlines()
    assert all(json.loads(line)["logger"] == "nginx" for line in lines)
    assert "127.0.0.1" not in "".join(lines)


def test_when_one_web_node_dies_no_reader_notices(portal) -> None:
    """F03, F33: the last test, since it ends a node."""
    kill_group(portal.webs[0])
    codes = [ask(f"{portal.url}/satker?q={number}")[0] for number in range(30)]
    assert set(codes) == {200}
