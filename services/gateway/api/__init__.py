"""The JSON API of native apps and of the pages' scripts."""
