"""The operators' command line: starts the whole system and inspects it."""
