"""The queue in front of the payment provider, which limits payments a second."""
