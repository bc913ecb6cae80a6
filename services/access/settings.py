"""The environment of the access service."""

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing beyond what every service reads."""
