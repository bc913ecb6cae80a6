"""Lets every test in the repository use the real servers of `tests/servers.py`."""

pytest_plugins = ["tests.servers"]
