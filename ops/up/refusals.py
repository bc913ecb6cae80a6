"""The sentences of `up` when it can't continue."""


class CannotStart(Exception):
    """One sentence for the person at the terminal: what is wrong and what to do."""
