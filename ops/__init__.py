"""The operators' command line: starts the whole system and looks into it."""
