"""Tables that decisions read; no event holds these names and erasable texts.

A constraint makes names unique: a claim waits for a concurrent one and then fails.
"""

from uuid import UUID

from libs.runtime.store.unit_of_work import required


class NameTable:
    """The names of spaces, and of passes within a space."""

    def claim(self, scope: str, name: str, holder: UUID) -> bool:
        with required().cursor() as curs:
            curs.execute(
                "INSERT INTO claimed_names (scope, name, holder) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (scope, name, holder),
            )
            return curs.rowcount == 1

    def holder(self, scope: str, name: str) -> UUID | None:
        with required().cursor() as curs:
            row = curs.execute(
                "SELECT holder FROM claimed_names WHERE scope = %s AND name = %s", (scope, name)
            ).fetchone()
        return None if row is None else UUID(str(row["holder"]))


class ProfileTextTable:
    """Creators' names and texts."""

    def add(self, profile_id: UUID, username: str, display_name: str, bio: str) -> bool:
        with required().cursor() as curs:
            curs.execute(
                "INSERT INTO profile_texts (profile_id, username, display_name, bio)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (username) DO NOTHING",
                (profile_id, username, display_name, bio),
            )
            return curs.rowcount == 1

    def change(self, profile_id: UUID, display_name: str, bio: str) -> None:
        with required().cursor() as curs:
            curs.execute(
                "UPDATE profile_texts SET display_name = %s, bio = %s WHERE profile_id = %s",
                (display_name, bio, profile_id),
            )

    def profile_of(self, username: str) -> UUID | None:
        with required().cursor() as curs:
            row = curs.execute(
                "SELECT profile_id FROM profile_texts WHERE username = %s", (username,)
            ).fetchone()
        return None if row is None else UUID(str(row["profile_id"]))


class BanTable:
    """The view `ban_list`, as decisions read it."""

    def keeps_out(self, space_id: UUID, person_id: UUID) -> bool:
        with required().cursor() as curs:
            row = curs.execute(
                "SELECT 1 FROM ban_list WHERE space_id = %s AND person_id = %s AND banned",
                (space_id, person_id),
            ).fetchone()
        return row is not None
