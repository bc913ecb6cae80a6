"""Creators' public pages."""

from uuid import UUID

from psycopg.rows import DictRow

from services.catalog.domain.refusals import ProfileNotFound
from services.catalog.queries.models import ProfilePage
from services.catalog.queries.rows import SPACE, Curs, space_card

_PROFILE = """
    SELECT p.profile_id, p.person_id, x.username, x.display_name, x.bio,
           (SELECT count(*) FROM follower_list f WHERE f.profile_id = p.profile_id) AS followers,
           EXISTS (SELECT FROM follower_list f
                   WHERE f.profile_id = p.profile_id AND f.person_id = %(viewer)s) AS following
    FROM profile_list p JOIN profile_texts x USING (profile_id)
"""


def get_profile(curs: Curs, username: str, viewer: UUID | None) -> ProfilePage:
    """Return a creator's page with their published, listed spaces. Raises ProfileNotFound."""
    given = {"username": username, "viewer": viewer}
    row = curs.execute(f"{_PROFILE} WHERE x.username = %(username)s", given).fetchone()
    return _profile_page(curs, row, viewer)


def get_profile_of(curs: Curs, person_id: UUID) -> ProfilePage:
    """Return a person's own profile. Raises ProfileNotFound."""
    given = {"viewer": person_id}
    row = curs.execute(f"{_PROFILE} WHERE p.person_id = %(viewer)s", given).fetchone()
    return _profile_page(curs, row, person_id)


def _profile_page(curs: Curs, row: DictRow | None, viewer: UUID | None) -> ProfilePage:
    if row is None:
        raise ProfileNotFound
    spaces = curs.execute(
        f"{SPACE} WHERE s.owner_id = %(owner)s AND s.published AND s.visibility = 'public'"
        " ORDER BY s.name",
        {"owner": row["person_id"], "viewer": viewer},
    )
    return ProfilePage(**row, spaces=tuple(space_card(each) for each in spaces))
