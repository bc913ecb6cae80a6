"""Finds the network address of a client."""

from ipaddress import ip_address

from fastapi import Request

from services.gateway.settings import Settings


def network_address_of(request: Request, settings: Settings) -> str:
    """Return the last address in X-Forwarded-For that is not a trusted proxy's.

    Each proxy appends the address of its client; a client can forge whatever stands before that.
    """
    address = request.client.host if request.client else ""
    told = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while told and settings.is_proxy(address) and _is_address(told[-1].strip()):
        address = told.pop().strip()
    return address


def _is_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
