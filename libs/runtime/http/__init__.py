"""The HTTP edge of a service: application, problems, person tokens."""
