"""Addresses, names and networks, each in its one spelling."""

import re
import unicodedata
from ipaddress import ip_address, ip_network
from typing import Final

DISPLAY_NAME_LENGTH: Final = 80

_LOCAL: Final = r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS: Final = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})+")
_LONGEST_ADDRESS: Final = 254
_ENCODED_WORD: Final = "=?"
"""The start of an encoded word (RFC 2047), which mail libraries decode into another address."""
_DOTS_MEAN_NOTHING: Final = frozenset({"gmail.com", "googlemail.com"})
_IPV6_SITE_BITS: Final = 64


class InvalidAddress(Exception):
    """The text is no e-mail address."""

    errors = ({"field": "email", "message": "This is no e-mail address"},)


class InvalidDisplayName(Exception):
    """A display name is one line of at most 80 characters."""

    errors = ({"field": "display_name", "message": "One line of at most 80 characters"},)


def normalise_address(text: str) -> str:
    """Return the one spelling of an address: NFKC, stripped, casefolded.

    Raises InvalidAddress, also for encoded words and invisible characters.
    """
    address = unicodedata.normalize("NFKC", text).strip(" ").casefold()
    well_formed = _ADDRESS.fullmatch(address) and ".." not in address and address.isprintable()
    if not well_formed or len(address) > _LONGEST_ADDRESS or _ENCODED_WORD in address:
        raise InvalidAddress
    return address


def inbox_of(address: str) -> str:
    """Return the inbox to which a mail server delivers a normalised address.

    Used only for limits: people are identified by the address as typed. Tags behind a plus are
    dropped everywhere (RFC 5233), dots where the provider ignores them.
    """
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    domain = domain.encode("idna").decode() if _fits_idna(domain) else domain
    if domain in _DOTS_MEAN_NOTHING:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _fits_idna(domain: str) -> bool:
    try:
        domain.encode("idna")
    except UnicodeError:
        return False
    return True


def normalise_display_name(text: str) -> str:
    """Return the name as shown: NFC, single inner spaces. Empty is allowed. Raises
    InvalidDisplayName."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > DISPLAY_NAME_LENGTH or not name.isprintable():
        raise InvalidDisplayName
    return name


def network_of(address: str) -> str:
    """Return the network that limits count: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 6:  # one site has 2^64 addresses of its own
        return str(ip_network((ip, _IPV6_SITE_BITS), strict=False))
    return str(ip)
