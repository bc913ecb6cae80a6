"""Breaks the running system on purpose and checks whether anybody was harmed."""
