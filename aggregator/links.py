"""Web addresses: made absolute, and reduced to what tells two posts apart. http and https only.

`absolute` gives an address to store and show; `canonical` gives an identity that stays the same when a
site moves to https, drops www, gains tracking parameters or serves an AMP or mobile twin (RFC 3986 §6 and
the habits of WordPress, Joomla and the KPU platform). Nothing here raises: what is no web address is "".
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import idna

MAX_LENGTH = 2000  # characters; longer ones are refused, never cut

# Addresses of the everyday form need no parsing: lower case, no escapes, no dot segments, no query.
_LABEL_OF_NAME = r"[a-z0-9]+(?:-+[a-z0-9]+)*"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_NAMED = rf"{_LABEL_OF_NAME}(?:\.{_LABEL_OF_NAME})*\.[a-z](?:-*[a-z0-9])+"
_HOST = rf"{_NAMED}|{_OCTET}(?:\.{_OCTET}){{3}}"
_PORT = r":(?!(?:80|443)(?:/|$))(?:[1-9][0-9]{1,3}|[1-5][0-9]{4})"
_PLAIN = re.compile(rf"https?://({_HOST})({_PORT})?((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)/?", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_EDGES = "".join(map(chr, range(33))) + "\x7f\u00a0\u200b\u200e\u200f\u2060\ufeff"  # trimmed at both ends
_DROPPED = dict.fromkeys([*range(32), 127])  # browsers drop tab and line end inside an address
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?", re.ASCII)
_PATH_SAFE = "/:@!$&'()*+,;=-._~%"
_QUERY_SAFE = _PATH_SAFE + "?"
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

_TRACKING = re.compile(
    r"(?:utm_.*|mtm_.*|pk_.*|piwik_.*|at_.*|_hs.*|hsa_.*|fb_.*|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid"
    r"|yclid|twclid|ttclid|igshid|igsh|mc_cid|mc_eid|mkt_tok|oly_anon_id|oly_enc_id|vero_id|wickedid|_ga|_gl"
    r"|s_cid|ref_src|ref_url|share|_wpnonce|phpsessid|jsessionid|outputtype)",
    re.ASCII,
)
_SWITCHES = {"amp", "m", "mobile", "nonamp"}  # choose a twin of the page when empty, 0, 1 or true
_TWIN_HOST = ("www.", "m.", "mobile.", "amp.")
_INDEX = re.compile(r"/index\.php(?=/|$)")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/;]*", re.ASCII | re.IGNORECASE)


def absolute(url: str, base: str = "") -> str:
    """`url` as seen from `base`: an absolute http(s) address without user name, host in lower-case ASCII,
    or "" when it leads anywhere else (javascript:, data:, mailto:, a broken host, too long)."""
    if len(url) <= MAX_LENGTH and _PLAIN.fullmatch(url):
        return url
    url = url[: MAX_LENGTH * 2].strip(_EDGES).translate(_DROPPED)
    if not url or len(url) > MAX_LENGTH:
        return ""
    if not _SCHEME.match(url):
        if url[:4].lower() == "www.":
            url = f"https://{url}"
        elif base:
            url = _joined(base, url)
    return _written(url)


def canonical(url: str) -> str:
    """The identity of the page behind an absolute http(s) address, itself an address; "" for others.

    Equal for http/https, www/m/amp hosts, default ports, letter case of the host, escapes, dot segments,
    `index.php/`, trailing slash, AMP and mobile twins, order of parameters, tracking parameters and
    fragments. Query ids and routes in fragments (`#/berita/7`) stay apart. Idempotent."""
    if len(url) <= MAX_LENGTH and (plain := _PLAIN.fullmatch(url)):
        hostname, port, path = plain.groups("")
        if "amp" not in path and "index.php" not in path:
            return f"https://{_folded(hostname)}{port}{path or '/'}"
    url = absolute(url)
    if not url:
        return ""
    parts = urlsplit(url)
    hostname = _folded(parts.hostname or "")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = _parameters(parts.query)
    route = _escaped(parts.fragment, _QUERY_SAFE) if parts.fragment[:1] in ("/", "!") else ""
    return f"https://{hostname}{port}{_path(parts.path)}" + (query and f"?{query}") + (route and f"#{route}")


def host(url: str) -> str:
    """Host name of an absolute http(s) address, lower-case ASCII, without port or final dot; "" if none."""
    return urlsplit(absolute(url)).hostname or ""


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url.replace("\\", "/"))
    except ValueError:
        return ""


def _written(url: str) -> str:
    """The address written again from its parts, so that every reader of it sees the same host."""
    head, mark, tail = _parted(url)
    try:
        parts = urlsplit(head.replace("\\", "/") + mark + tail)
        port = parts.port
    except ValueError:
        return ""
    hostname = _ascii_host(parts.hostname or "")
    if parts.scheme not in ("http", "https") or not hostname:
        return ""
    authority = (
        hostname if port is None or port == {"http": 80, "https": 443}[parts.scheme] else f"{hostname}:{port}"
    )
    query = f"?{_quoted(parts.query, _QUERY_SAFE)}" if parts.query else ""
    fragment = f"#{_quoted(parts.fragment, _QUERY_SAFE)}" if parts.fragment else ""
    written = f"{parts.scheme}://{authority}{_quoted(parts.path, _PATH_SAFE) or '/'}{query}{fragment}"
    return written if len(written) <= MAX_LENGTH else ""


def _parted(url: str) -> tuple[str, str, str]:
    """What stands before the query or fragment, its mark, and the rest."""
    at = min((i for i in (url.find("?"), url.find("#")) if i >= 0), default=len(url))
    return url[:at], url[at : at + 1], url[at + 1 :]


@lru_cache(maxsize=4096)
def _ascii_host(hostname: str) -> str:
    hostname = hostname.rstrip(".")
    if ":" in hostname:
        try:
            return f"[{ipaddress.IPv6Address(hostname)}]"
        except ValueError:
            return ""
    if not hostname.isascii():
        try:
            hostname = idna.encode(hostname, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return ""
    hostname = hostname.lower()
    labels = hostname.split(".")
    fits = len(hostname) <= 253 and all(len(label) <= 63 and _LABEL.fullmatch(label) for label in labels)
    return hostname if fits else ""


@lru_cache(maxsize=4096)
def _folded(hostname: str) -> str:
    if ":" in hostname:
        return f"[{hostname}]"
    while (first := hostname.partition(".")[0] + ".") in _TWIN_HOST and hostname.count(".") >= 2:
        hostname = hostname[len(first) :]
    return hostname


def _quoted(text: str, safe: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", text), safe=safe, errors="replace")


def _escaped(text: str, safe: str) -> str:
    """Percent-encoding in its normal form (RFC 3986 §6.2.2): unreserved plain, the rest in capitals."""
    if text.isalnum() and text.isascii():
        return text
    return _ESCAPE.sub(_normal_escape, _quoted(text, safe))


def _normal_escape(match: re.Match[str]) -> str:
    character = unquote_to_bytes(match[0]).decode("latin-1")
    return character if character in _UNRESERVED else match[0].upper()


def _path(path: str) -> str:
    """A path without dot segments, doubled or trailing slashes, front controller, session and AMP marks."""
    before = None
    while path != before:
        before = path
        path = _escaped(_PATH_SESSION.sub("", path), _PATH_SAFE)
        path = _INDEX.sub("", _without_dots(path))
        path = path.removesuffix("/amp")
        if path.endswith((".amp.html", ".amp")):
            path = path.removesuffix(".html").removesuffix(".amp") + (".html" if path.endswith("l") else "")
    return path or "/"


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) if kept else ""


def _parameters(query: str) -> str:
    if not query:
        return ""
    kept = []
    for parameter in query.split("&"):
        name, equals, value = (_escaped(part.replace("%20", "+"), _QUERY_SAFE) for part in _split(parameter))
        low = name.lower()
        if not name or _TRACKING.fullmatch(low):
            continue
        if low in _SWITCHES and value.lower() in ("", "0", "1", "true"):
            continue
        kept.append(f"{name}{equals}{value}")
    return "&".join(sorted(kept))


def _split(parameter: str) -> tuple[str, str, str]:
    name, equals, value = parameter.partition("=")
    return name, equals if value else "", value
