"""The checker: whether stores, streams and providers agree."""
