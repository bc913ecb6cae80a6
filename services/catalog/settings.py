"""The catalog's environment: the same as every service's."""

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    pass
