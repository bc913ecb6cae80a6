"""Speed, compared with a baseline of the same run and reported as a ratio: `./bp bench NAME`."""
