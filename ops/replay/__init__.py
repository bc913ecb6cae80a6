"""Replaying stored public events to a service that hears them: by wiring, no provider is near."""
