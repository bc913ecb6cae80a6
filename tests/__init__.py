"""Tests that need more than one part of the system, and the servers that all tests share."""
