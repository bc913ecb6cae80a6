"""Local stand-ins for the outside world, for machines without any provider's keys.

Owns: what a provider would store (payments, channels, rooms, recordings, mails). Speaks: the
providers' own wire protocols, so that their official SDKs work unchanged. Never does: answer
anything that the provider's published API would not.
"""
