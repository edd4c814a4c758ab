"""Network addresses as strangers write them."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Some proxies write the port beside the address.
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+", re.ASCII)


def parse(text: str) -> Address | None:
    """The address in `text`, which may have a port; an IPv4 address within IPv6 as what it is."""
    found = _WITH_PORT.fullmatch(text)
    try:
        parsed = ip_address((found[1] or found[2]) if found else text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def among(text: str, networks: Iterable[Network]) -> bool:
    address = parse(text)
    return address is not None and any(address in network for network in networks)


def subscriber(text: str) -> str:
    """What limits count by: the address, of IPv6 its /64, for that is what one subscriber gets."""
    address = parse(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address) if address else text[:64]
