"""One command that runs every server and service of the system under one supervisor."""
