"""The refusals of the catalog. A refusal writes nothing."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field; `code` names the sentence, and `given` fills its gaps."""

    field: str
    code: str
    given: dict[str, str | int] = dataclasses.field(default_factory=dict)


class Invalid(Exception):
    """The input is invalid; `errors` say where and why."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(", ".join(f"{each.field}: {each.code}" for each in errors))
        self.errors = errors


class SpaceNotFound(Exception):
    """The space does not exist, or the person may not know of it."""


class PassNotFound(Exception):
    """The pass does not exist in the space, or the person may not know of it."""


class ProfileNotFound(Exception):
    """No creator has this name."""


class ProfileAlreadyOpened(Exception):
    """The person already has a creator profile."""


class OwnProfile(Exception):
    """A creator can't follow themselves."""


class NotOnTeam(Exception):
    """The person is not on this space's team."""


class RoleTooSmall(Exception):
    """The person's role in this space lacks the permission."""


class OwnerStays(Exception):
    """The owner of a space can neither be removed nor get another role."""


class Banned(Exception):
    """The space has banned the person, so they can't join its team either."""


class ChangedMeanwhile(Exception):
    """Somebody else changed it after it was read; their change stays."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected version {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class PassArchived(Exception):
    """An archived pass can neither be changed nor published again."""


class PassNotPublished(Exception):
    """A pass that was never on sale can't be taken off sale."""


class PassNotReady(Exception):
    """The publish checklist is not done; `missing` holds the codes of its open points."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing
