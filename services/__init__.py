"""The services of Backstage Pass: each owns its data and speaks to the others by events alone."""
