"""Which addresses a webhook may reach."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from remediation.core.public_addresses import may_reach, networks_of

PUBLIC = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1",
    "198.17.255.255", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]  # fmt: skip

PRIVATE = [
    # IPv4
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    # IPv6
    "::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "100::1",
    "2001:db8::1", "2001:10::1", "3fff::1", "5f00::1",
    # IPv4 inside IPv6: mapped, compatible, NAT64 and its local prefix, 6to4, Teredo, ISATAP
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1", "::127.0.0.1", "::8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::808:808", "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1",
    # not an address
    "", "localhost", "127.1", "2130706433", "0x7f000001", "1.2.3.4.5", "[::1]",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_others_are_not(address: str) -> None:
    assert not may_reach(address)


def test_control_the_standard_librarys_own_word_would_let_some_in() -> None:
    known = [address for address in PRIVATE if address[:1] not in {"", "l", "[", "0"} and address.count(".") != 1]
    let_in = []
    for address in known:
        try:
            if ip_address(address).is_global:
                let_in.append(address)
        except ValueError:
            pass
    # Which ones differs between patch releases of Python; these are let in by all.
    assert {"224.0.0.1", "64:ff9b::7f00:1", "fec0::1"} <= set(let_in)


def test_an_administrator_allows_networks_but_never_the_link_or_everybody() -> None:
    allowed = networks_of(["10.1.0.0/16", "192.168.4.7", "fd00::/8", "0.0.0.0/0", "::/0"])
    for address in ("10.1.2.3", "192.168.4.7", "fd12::1", "127.0.0.1", "::1", "::ffff:10.1.2.3"):
        assert may_reach(address, allowed)
    for address in ("169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::", "ff02::1", "64:ff9b::a9fe:a9fe"):
        assert not may_reach(address, allowed)
    few = networks_of(["10.1.0.0/16"])
    assert may_reach("10.1.2.3", few) and not may_reach("10.2.0.1", few)
    assert may_reach("::ffff:10.1.2.3", few) and not may_reach("::ffff:10.2.0.1", few)
    with pytest.raises(ValueError, match="host bits"):
        networks_of(["10.1.2.3/16"])
