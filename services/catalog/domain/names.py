"""Valid names of people, spaces, experiences and passes in addresses."""

import re
from typing import Final
from zoneinfo import ZoneInfo

from services.catalog.domain.refusals import FieldError

# A space lives at `/{slug}`, beside the product's own pages; a profile at `/@{username}`.
_WORDS: Final = """
    about account accounts admin administrator api apps assets auth backstage billing blog
    cart catalog chat checkout contact creator creators css dashboard dist docs download
    error events explore favicon favicon-ico feed files fonts graphql health help home host
    images img index internal js legal livez login logout mail mailbox manifest me media
    member members metrics mine new notices notifications oauth official operator operators
    order orders owner pages pay payments ping press pricing privacy profile public purchase
    readyz register robots robots-txt root sandbox search security service-worker session
    sessions settings sign-in sign-out sign-up signin signout signup sitemap sitemap-xml
    space spaces staff static status stream streams stripe support system team terms test
    unsubscribe user users watch webhook webhooks well-known www
"""
RESERVED: Final = frozenset(_WORDS.split())

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]", re.ASCII)
_USERNAME: Final = re.compile(r"[a-z][a-z0-9_]{2,29}", re.ASCII)


def check_space_slug(slug: str) -> list[FieldError]:
    """Check for 3 to 40 of a-z, 0-9 and inner hyphens; the product's own addresses are reserved."""
    if slug in RESERVED:
        return [FieldError("slug", "slug_reserved")]
    return check_slug(slug)


def check_slug(slug: str) -> list[FieldError]:
    """Check for 3 to 40 of a-z, 0-9 and inner hyphens. Inside a space no word is reserved."""
    if not _SLUG.fullmatch(slug):
        return [FieldError("slug", "slug_malformed")]
    return []


def check_inner_slug(slug: str) -> list[FieldError]:
    """Check a slug inside a space, where `/{space}/…` and the admin reserve some words."""
    if slug in {"purchase", "orders", "new", "mine"}:
        return [FieldError("slug", "slug_reserved")]
    return check_slug(slug)


def check_username(username: str) -> list[FieldError]:
    """Check for 3 to 30 of a-z, 0-9 and underscore, a letter first; some words are reserved."""
    if not _USERNAME.fullmatch(username):
        return [FieldError("username", "username_malformed")]
    if username.replace("_", "-") in RESERVED:
        return [FieldError("username", "username_reserved")]
    return []


def check_text(name: str, text: str, *, least: int = 0, most: int) -> list[FieldError]:
    """Check a text's length without surrounding blanks, and that it has no control characters."""
    if len(text.strip()) < least:
        return [FieldError(name, "text_missing")]
    if len(text) > most:
        return [FieldError(name, "text_too_long", {"most": most})]
    if any(_is_unreadable(sign) for sign in text):
        return [FieldError(name, "text_malformed")]
    return []


def check_profile(display_name: str, bio: str) -> list[FieldError]:
    """Check a name of 1 to 80 characters and a bio of at most 2,000."""
    return [
        *check_text("display_name", display_name, least=1, most=80),
        *check_text("bio", bio, most=2000),
    ]


def _is_unreadable(sign: str) -> bool:
    control = sign < " " and sign not in "\n\r\t"
    return control or "\ud800" <= sign <= "\udfff"


def check_time_zone(name: str) -> list[FieldError]:
    """Check for a zone of the IANA database, such as Europe/Vienna."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return [FieldError("time_zone", "time_zone_unknown")]
    return []
