"""Where a request comes from."""

from ipaddress import ip_address

from fastapi import Request

from services.gateway.settings import Settings


def network_address_of(request: Request, settings: Settings) -> str:
    """The client's address: the last one in X-Forwarded-For that no trusted proxy has.

    Each proxy appends whom it speaks for, so what stands before that may be made up.
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
