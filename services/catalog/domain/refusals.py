"""What the catalog says no to. A refusal writes nothing."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that can't be taken; `code` names the sentence, `given` fills its gaps."""

    field: str
    code: str
    given: dict[str, str | int] = dataclasses.field(default_factory=dict)


class Invalid(Exception):
    """Something that was typed can't be taken; `errors` say what and where."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(", ".join(f"{each.field}: {each.code}" for each in errors))
        self.errors = errors


class SpaceNotFound(Exception):
    """There is no such space, or the person may not know of it."""


class PassNotFound(Exception):
    """There is no such pass in the space, or the person may not know of it."""


class ProfileNotFound(Exception):
    """There is no creator of this name."""


class ProfileAlreadyOpened(Exception):
    """A person has one public face; this one has it already."""


class OwnProfile(Exception):
    """Nobody follows themselves."""


class NotOnTeam(Exception):
    """The person doesn't work in this space."""


class RoleTooSmall(Exception):
    """The person works in this space, but their role doesn't reach that far."""


class OwnerStays(Exception):
    """The owner of a space can neither be removed nor be given another role."""


class Banned(Exception):
    """The space keeps the person out, so they can't work in it either."""


class ChangedMeanwhile(Exception):
    """Somebody else changed it after it was read; nothing of theirs is overwritten."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected version {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class PassArchived(Exception):
    """An archived pass is neither changed nor published again."""


class PassNotPublished(Exception):
    """What was never for sale can't be taken off sale."""


class PassNotReady(Exception):
    """The publish checklist isn't done; `missing` are the codes of its open points."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing
