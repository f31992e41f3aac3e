"""When which office posts: a fixed history of years, and a lively present while the network runs.

Both are pure functions of the seed. History has the pace of real offices, with some that seldom write and
some that fell silent. `Session`s are the times the network ran; during one, the nation posts at its rate.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate

from aggregator.demo.places import Office, mixed, number

FIRST_DAY = date(2021, 8, 1)  # the sites moved to the common platform in that month
_FIRST = int(datetime(2021, 8, 1, tzinfo=UTC).timestamp())
_LIVE_EPOCH = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
DAY = 86_400
LIVE_NUMBERS = 100_000  # numbers of live posts begin here
CHUNK = 900  # live slots worked out together
BLOCK = 60  # days; an office may fall silent for one
WEEKDAYS = (1.2, 1.15, 1.15, 1.15, 1.1, 0.35, 0.2)  # Monday …


@dataclass(frozen=True, slots=True)
class Slot:
    """One post to be. `when`: Unix time; `number`: grows with time, the site's own id of the post."""

    code: str
    when: int
    number: int
    luck: int  # 64 bits that decide what becomes of it
    live: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A run of the network. `rate`: posts a minute over all sites; `end` None: still running."""

    start: int
    end: int | None
    rate: float


class Timeline:
    def __init__(self, offices: Mapping[str, Office], seed: int, sessions: Sequence[Session] = ()) -> None:
        self.offices, self.seed, self.sessions = offices, seed, tuple(sessions)
        self._days: dict[tuple[str, int], list[Slot]] = {}
        self._live = lru_cache(maxsize=256)(self._live_chunk)
        self._shares = cache(self._weights)
        self.usual_pace = cache(self._usual_pace)
        self.gone_since = cache(self._gone_since)

    def newest(self, code: str, now: int, count: int) -> list[Slot]:
        """The last slots up to `now`, newest first."""
        found: list[Slot] = []
        live = self._live_back(code, now)
        past = self._past_back(code, now)
        a, b = next(live, None), next(past, None)
        while len(found) < count and (a or b):
            if b is None or (a is not None and a.when >= b.when):
                found.append(a)  # type: ignore[arg-type]
                a = next(live, None)
            else:
                found.append(b)
                b = next(past, None)
        return found

    def between(self, code: str, start: int, end: int) -> list[Slot]:
        """Slots with start ≤ when < end, oldest first."""
        days = range((start - _FIRST) // DAY - 1, (end - _FIRST) // DAY + 2)
        slots = [slot for day in days if day >= 0 for slot in self.on_day(code, day)]
        for session in self.sessions:
            slots += self._live_between(code, session, start, end)
        return sorted((s for s in slots if start <= s.when < end), key=lambda slot: slot.when)

    def after(self, code: str, now: int, horizon: int = 3600) -> int:
        """When this office posts next, at most `horizon` seconds ahead."""
        return min((slot.when for slot in self.between(code, now + 1, now + horizon)), default=now + horizon)

    def find(self, code: str, number: int) -> Slot | None:
        """The slot with this number."""
        if number < LIVE_NUMBERS:
            slots = self.on_day(code, number // 10)
        else:
            seconds = {
                _LIVE_EPOCH + (number - LIVE_NUMBERS) // _per_second(session.rate)
                for session in self.sessions
            }
            slots = [slot for second in seconds for slot in self.between(code, second, second + 1)]
        return next((slot for slot in slots if slot.number == number), None)

    # --- History ---------------------------------------------------------------------------------
    def on_day(self, code: str, day: int) -> list[Slot]:
        """What history holds for the `day`-th day since FIRST_DAY, oldest first."""
        kept = self._days.get((code, day))
        if kept is None:
            kept = self._plan_day(code, day)
            if (
                len(code) < 4
            ):  # national and provincial news is asked for again and again by those who re-post
                self._days[code, day] = kept
        return kept

    def _plan_day(self, code: str, day: int) -> list[Slot]:
        expected = self.pace(code, day) * WEEKDAYS[(day + 6) % 7]  # the first day was a Sunday
        if not expected:
            return []
        bits = number(self.seed, code, "day", day)
        count = int(expected + (bits & 0xFFFF) / 0x10000)
        offset = self.offices[code].offset * 3600
        midnight = _FIRST + day * DAY - offset
        minutes = sorted(
            _minute((bits >> shift) & 0xFFF, bits) for shift in range(16, 16 + 8 * min(count, 5), 8)
        )
        return [
            Slot(code, midnight + minute * 60 + (bits >> at) % 53, day * 10 + at, mixed(bits + at))
            for at, minute in enumerate(minutes)
        ]

    def _past_back(self, code: str, now: int) -> Iterator[Slot]:
        for day in range((now - _FIRST) // DAY + 1, -1, -1):
            for slot in reversed(self.on_day(code, day)):
                if slot.when <= now:
                    yield slot

    def pace(self, code: str, day: int) -> float:
        """Posts this office writes on a usual day around then."""
        if self.gone_since(code) <= day or self._is_silent(code, day // BLOCK):
            return 0.0
        return self.usual_pace(code)

    def _usual_pace(self, code: str) -> float:
        office = self.offices[code]
        luck, more = office.trait("pace"), office.trait("pace within")
        if office.level == "national":
            return 4.6
        if office.level == "province":
            return 0.7 + 1.8 * luck
        if luck < 0.08:
            return 0.015 + 0.05 * more
        if luck < 0.25:
            return 0.08 + 0.27 * more
        return 0.35 + 0.65 * more if luck < 0.8 else 1.0 + 1.3 * more

    def _is_silent(self, code: str, block: int) -> bool:
        return len(code) == 4 and mixed(self.offices[code].habit("silent", 2**64) + block) < 0.045 * 2**64

    def _gone_since(self, code: str) -> int:
        """The day this office stopped writing for good; beyond all days for nearly all."""
        office = self.offices[code]
        if len(code) < 4 or office.trait("gone") > 0.012:
            return 1_000_000
        return 1300 + office.habit("gone on", 500)

    # --- The present -----------------------------------------------------------------------------
    def _weights(self, session: Session) -> tuple[list[str], list[float]]:
        """Offices and cumulative weights for live posts; the nation's own releases are one in 20."""
        codes = list(self.offices)
        paces = [min(1.6, self.pace(code, (session.start - _FIRST) // DAY)) for code in codes]
        if codes[0] == "0":
            paces[0] = max(0.1, sum(paces[1:]) / 19)
        return codes, list(accumulate(paces))

    def _live_chunk(self, session: Session, chunk: int) -> Mapping[str, list[Slot]]:
        codes, sums = self._shares(session)
        step = 60 / session.rate
        a_second = _per_second(session.rate)
        found: dict[str, list[Slot]] = {}
        for slot in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            bits = number(self.seed, "live", slot)
            code = codes[bisect(sums, (bits >> 32) / 2**32 * sums[-1])] if sums[-1] else codes[0]
            when = slot * step
            place = int(when % 1 * a_second)
            found.setdefault(code, []).append(
                Slot(code, int(when), LIVE_NUMBERS + (int(when) - _LIVE_EPOCH) * a_second + place, bits, True)
            )
        return found

    def _live_between(self, code: str, session: Session, start: int, end: int) -> list[Slot]:
        low = max(start, session.start)
        high = end if session.end is None else min(end, session.end)
        if session.rate <= 0 or low >= high:
            return []
        length = CHUNK * 60 / session.rate
        chunks = range(int(low / length), int(high / length) + 1)
        slots = (slot for chunk in chunks for slot in self._live(session, chunk).get(code, ()))
        return [slot for slot in slots if low <= slot.when < high]

    def _live_back(self, code: str, now: int) -> Iterator[Slot]:
        for session in reversed(self.sessions):
            high = now + 1 if session.end is None else min(now + 1, session.end)
            length = max(1, int(CHUNK * 60 / session.rate)) if session.rate > 0 else high
            while high > session.start:
                low = max(session.start, high - length)
                yield from reversed(self._live_between(code, session, low, high))
                high = low


def _minute(bits: int, more: int) -> int:
    """A minute of the day: nearly always between 8 and 18 o'clock, rarely in the evening."""
    u = bits / 0xFFF
    if more >> 60 == 0:
        return 18 * 60 + int(u * 300)
    return 8 * 60 + 20 + int(u * 580)


def _per_second(rate: float) -> int:
    """Numbers set aside for each second, so that no two live posts share one."""
    return int(rate / 60) + 1


def utc(when: int) -> datetime:
    return datetime.fromtimestamp(when, UTC)


def day_of(when: int) -> date:
    return FIRST_DAY + timedelta(days=(when - _FIRST) // DAY)
