"""The catalog's tables in memory."""

from uuid import UUID


class MemoryNames:
    """Names without a database; nobody is concurrent here."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], UUID] = {}

    def claim(self, scope: str, name: str, holder: UUID) -> bool:
        if (scope, name) in self._holders:
            return False
        self._holders[scope, name] = holder
        return True

    def holder(self, scope: str, name: str) -> UUID | None:
        return self._holders.get((scope, name))


class MemoryTexts:
    """Profile texts without a database."""

    def __init__(self) -> None:
        self.rows: dict[UUID, tuple[str, str, str]] = {}

    def add(self, profile_id: UUID, username: str, display_name: str, bio: str) -> bool:
        if self.profile_of(username) is not None:
            return False
        self.rows[profile_id] = (username, display_name, bio)
        return True

    def change(self, profile_id: UUID, display_name: str, bio: str) -> None:
        self.rows[profile_id] = (self.rows[profile_id][0], display_name, bio)

    def profile_of(self, username: str) -> UUID | None:
        return next((who for who, row in self.rows.items() if row[0] == username), None)


class MemoryBans:
    """Bans without a database."""

    def __init__(self) -> None:
        self.standing: set[tuple[UUID, UUID]] = set()

    def keeps_out(self, space_id: UUID, person_id: UUID) -> bool:
        return (space_id, person_id) in self.standing
