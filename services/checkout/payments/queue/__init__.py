"""The queue in front of the payment provider, which makes only so many payments a second."""
