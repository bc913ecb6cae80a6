"""What the catalog reads from its environment: no more than any service."""

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """The settings of the catalog."""
