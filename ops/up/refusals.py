"""What `up` says, in one sentence, when it can not go on."""


class CannotStart(Exception):
    """A sentence for the person at the terminal: what is wrong and what to do about it."""
