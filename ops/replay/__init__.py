"""Replaying stored public events to a consuming service, with no provider within reach."""
