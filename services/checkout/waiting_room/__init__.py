"""The waiting room in front of the payment provider, which makes only so many payments a second."""

from services.checkout.waiting_room.bucket import TokenBucket
from services.checkout.waiting_room.line import Line
from services.checkout.waiting_room.room import WaitingRoom

__all__ = ["Line", "TokenBucket", "WaitingRoom"]
