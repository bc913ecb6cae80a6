"""The webhooks of the payment provider."""
