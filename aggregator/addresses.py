"""Which addresses of the network may be asked at all.

`ipaddress.is_global` of Python 3.11.7 lets NAT64, 6to4, IPv4-compatible, multicast and 192.0.0.0/24 pass,
so the list is our own, after the IANA special-purpose registries (RFC 6890;
https://www.iana.org/assignments/iana-ipv4-special-registry).
No Django and no input or output here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

from aggregator.errors import AddressRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL = 2000  # characters

_CLOSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers, and one cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's platform address, public in form only
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only 2000::/3 is handed out at all; that leaves out ::1, ::127.0.0.1, NAT64 (64:ff9b::/96), ULA,
# link-local, site-local and multicast without naming them.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
# A URL that is written well is asked exactly as it stands; yarl would turn %2F of a query into a slash.
_WELL_WRITTEN = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?(?:[/?](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
# A host whose last label is a number is an IPv4 address in one of its many spellings (WHATWG URL §4.5).
_NUMBER_LABEL = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)", re.ASCII)


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public network, in whatever wrapping."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
    return not any(address in network for network in _CLOSED_V4)


class Guard:
    """Judges addresses and URLs by our list, the allowed networks (CIDRs) and the allowed ports."""

    def __init__(
        self, allowed_networks: tuple[str, ...] = (), allowed_ports: tuple[int, ...] = (80, 443)
    ) -> None:
        self._networks: tuple[Network, ...] = tuple(ip_network(text) for text in allowed_networks)
        self._ports = frozenset(allowed_ports)
        self.admits = lru_cache(maxsize=4096)(self._admits)

    def _admits(self, text: str) -> bool:
        """Whether a connection to this numeric address may be made."""
        try:
            address: Address = ip_address(text)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return is_public(address) or any(address in network for network in self._networks)

    def check_url(self, text: str) -> URL:
        """The URL ready to be asked, without fragment. AddressRefused says what is wrong with it."""
        if len(text) > MAX_URL:
            raise AddressRefused(f"Alamat lebih panjang dari {MAX_URL} karakter.")
        try:
            url = URL(text, encoded=_WELL_WRITTEN.fullmatch(text) is not None)
            host, port = url.raw_host, url.port
        except (ValueError, UnicodeError) as error:
            raise AddressRefused(f"Alamat tidak dapat dibaca: {text[:200]!r}.") from error
        if url.scheme not in ("http", "https"):
            raise AddressRefused(
                f"Hanya alamat http dan https yang diambil, bukan {url.scheme or 'tanpa skema'}."
            )
        if not host:
            raise AddressRefused("Alamat tidak menyebut host.")
        if url.raw_user is not None or url.raw_password is not None:
            raise AddressRefused("Alamat memuat nama pengguna atau sandi.")
        if port not in self._ports:
            raise AddressRefused(f"Porta {port} tidak diizinkan.")
        self._check_host(host)
        return url.with_fragment(None)

    def _check_host(self, host: str) -> None:
        numeric = numeric_host(host)
        if numeric is None and (":" in host or _NUMBER_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2])):
            raise AddressRefused(f"Host {host} adalah alamat IP dalam bentuk yang tidak lazim.")
        if numeric is not None and not self.admits(numeric):
            raise AddressRefused(f"Alamat {host} bukan alamat publik.")


@lru_cache(maxsize=4096)
def numeric_host(host: str) -> str | None:
    """The address itself when the host of a URL is one in plain form, else None."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None
