"""Payments at the provider: what we ask of it, what it tells, and the queue in front of it."""
