"""Redis as the shared cache, and as a cache that is away (F22)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches

from portal import limits, softcache

pytestmark = [
    pytest.mark.redis,
    pytest.mark.django_db,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed here"),
]


class Redis:
    """A server of our own that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.start()

    def start(self) -> None:
        command = ("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "")
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        for _try in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path: Path, settings) -> Iterator[Redis]:
    server = Redis(tmp_path)
    place = {"BACKEND": "portal.softcache.SoftRedisCache", "LOCATION": f"redis://127.0.0.1:{server.port}/0"}
    settings.CACHES = {"default": place, "another node": place}
    yield server
    server.kill()


def test_what_one_node_keeps_another_finds(redis: Redis) -> None:
    caches["default"].set("a", {"x": 1}, 30)
    assert caches["another node"].get("a") == {"x": 1}


def test_nodes_count_an_address_together(client, redis: Redis, settings) -> None:
    settings.LIMIT_SEARCH = 2
    here, there = caches["default"], caches["another node"]
    rule = limits.Rule("search", 2, 60)
    limits.count(rule, "198.51.100.1")
    key = f"limit:search:{int(time.time() // 60)}:198.51.100.1"
    assert there.incr(key) == 2
    assert here.get(key) == 2


def test_without_it_pages_and_searches_answer_and_signing_in_stays_limited(
    client, redis: Redis, settings
) -> None:
    settings.LIMIT_SIGN_IN = 1
    redis.kill()
    assert client.get("/").status_code == 200
    assert {client.get("/cari?q=psu").status_code for _number in range(3)} == {200}
    client.post("/masuk")
    assert client.post("/masuk").status_code == 429


def test_nobody_waits_for_it_twice(redis: Redis, monkeypatch) -> None:
    redis.kill()
    asked = []
    ask = softcache.RedisCache.get
    monkeypatch.setattr(
        softcache.RedisCache, "get", lambda *args, **more: asked.append(1) or ask(*args, **more)
    )
    assert {caches["default"].get("a", "none") for _number in range(5)} == {"none"}
    assert len(asked) == 1


def test_it_is_used_again_when_it_is_back(redis: Redis, monkeypatch) -> None:
    redis.kill()
    cache = caches["default"]
    cache.set("a", 1)
    monkeypatch.setattr(softcache, "ASK_AGAIN", 0.0)
    cache._away_until = 0.0
    redis.start()
    cache.set("a", 2)
    assert cache.get("a") == 2


@pytest.mark.parametrize("name", ["touch", "delete", "has_key", "get_many", "delete_many", "clear", "incr"])
def test_no_way_of_asking_raises_more_than_a_missing_key_does(redis: Redis, name: str) -> None:
    redis.kill()
    cache = caches["default"]
    arguments = {"clear": (), "get_many": (["a"],), "delete_many": (["a"],)}.get(name, ("a",))
    try:
        assert not getattr(cache, name)(*arguments)
    except ValueError:
        assert name == "incr"
