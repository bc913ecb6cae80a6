"""Payments with their refunds, the provider, its webhooks, and the queue in front of it."""
