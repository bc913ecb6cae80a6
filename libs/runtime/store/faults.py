"""Why a store could not do its work; the edges, which have no store, know these too."""


class Conflict(Exception):
    """Other writers were faster at the same entity each time."""


class StoreUnavailable(Exception):
    """PostgreSQL did not answer within our patience."""


class Overloaded(Exception):
    """All connections of the store are busy; try again in a moment."""


class KeyReused(Exception):
    """The key of a command was used before for another request."""
