"""The checker: whether the stores, the streams and the providers still tell the same story."""
