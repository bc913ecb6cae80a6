"""Going through the lists and the sums of the provider, page by page."""
