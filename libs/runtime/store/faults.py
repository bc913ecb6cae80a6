"""Why a store could not do what it was asked; the edges, which have no store, know them too."""


class Conflict(Exception):
    """Others kept being first at the same entity."""


class StoreUnavailable(Exception):
    """PostgreSQL did not answer for as long as we are willing to wait."""


class Overloaded(Exception):
    """All connections of the store are busy; come back in a moment."""


class KeyReused(Exception):
    """The key of a command was used before, and for something else."""
