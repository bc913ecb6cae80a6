"""The shape of every read."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """What was read, as it was when it was read."""

    model_config = ConfigDict(frozen=True)
