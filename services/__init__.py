"""The services of Backstage Pass: each one owns its data and speaks to the others by events alone."""
