"""Redis as a cache that may be away: then every look-up is a miss, and nobody waits for it twice."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

ASK_AGAIN = 5.0  # seconds after a failure
TIMEOUT = 0.5  # seconds a request may lose to it, once in ASK_AGAIN


class SoftRedisCache(RedisCache):
    """Django's own Redis cache, but for errors. `incr` of what cannot be counted raises ValueError, as it
    does for a key that is not there."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = params.setdefault("OPTIONS", {})
        options.setdefault("socket_timeout", TIMEOUT)
        options.setdefault("socket_connect_timeout", TIMEOUT)
        super().__init__(server, params)
        self._away_until = 0.0

    def _softly(self, ask: Callable[[], Any], otherwise: Any) -> Any:
        if time.monotonic() < self._away_until:
            return otherwise
        try:
            return ask()
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + ASK_AGAIN
            log.warning("the cache does not answer: %s", type(error).__name__)
            return otherwise

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).add(*args, **kwargs), True)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._softly(lambda: super(SoftRedisCache, self).set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).touch(*args, **kwargs), False)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).delete(*args, **kwargs), False)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).get_many(*args, **kwargs), {})

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).has_key(*args, **kwargs), False)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).set_many(*args, **kwargs), [])

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._softly(lambda: super(SoftRedisCache, self).delete_many(*args, **kwargs), None)

    def clear(self) -> Any:
        return self._softly(lambda: super(SoftRedisCache, self).clear(), False)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        found = self._softly(lambda: super(SoftRedisCache, self).incr(key, delta, version), None)
        if found is None:
            raise ValueError(f"{key} cannot be counted")
        return found
