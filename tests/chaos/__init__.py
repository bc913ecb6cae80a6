"""Breaks the running system on purpose and looks whether anybody was wronged by it."""
