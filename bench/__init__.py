"""Speed, measured beside its baseline in one run and told as a ratio: `./bp bench NAME`."""
