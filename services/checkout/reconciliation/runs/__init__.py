"""The runs of reconciliation over the provider's lists and sums."""
