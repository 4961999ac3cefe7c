"""Which hosts and addresses a webhook may reach: public ones, and what an administrator allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"

# Nobody's to allow: no host, every host, the link's own (also the metadata services of clouds), and what is reserved.
_NEVER = [
    ip_network(text)
    for text in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/128", "fe80::/10", "fec0::/10", "ff00::/8")
]
# `is_global` alone is not enough: it lets in multicast, site-local addresses, and private IPv4 inside IPv6.
_NOT_PUBLIC = [
    ip_network(text)
    for text in (
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24",
        # ::/96 holds IPv4 addresses that nobody routes, 2001::/23 Teredo and other protocols, 2002::/16 6to4.
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
        "fc00::/7",
    )
]  # fmt: skip
_NAT64 = ip_network("64:ff9b::/96")


def networks_of(words: Sequence[str]) -> tuple[Network, ...]:
    """Networks as 10.0.0.0/8 or single addresses. Raises ValueError for anything else."""
    return tuple(ip_network(word) for word in words)


def may_reach(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether a connection to ``address`` is allowed: a public one, or one of an allowed network.

    An IPv4 address inside an IPv6 one (mapped, NAT64, ISATAP) is judged as itself, too. What is no address is refused.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    inner = _inner(found) if isinstance(found, IPv6Address) else None
    if inner is not None and not _plain(inner, allowed):
        return False
    mapped = isinstance(found, IPv6Address) and found.ipv4_mapped is not None
    return mapped or _plain(found, allowed)


def _plain(address: IPv4Address | IPv6Address, allowed: Sequence[Network]) -> bool:
    if any(address in network for network in _NEVER):
        return False
    if any(address in network for network in allowed):
        return True
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global or address in _NAT64


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a connection to ``address`` would reach, or might."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    isatap = (int(address) >> 32) & 0xFFFF_FFFF in {0x0000_5EFE, 0x0200_5EFE}
    return low if isatap or address in _NAT64 else None
