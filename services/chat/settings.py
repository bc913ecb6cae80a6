"""The environment of the chat service."""

from pydantic import Field

from libs.runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    """GetStream's address, for the browser too, and our key and secret there."""

    stream_api_key: str = Field(min_length=1)
    stream_api_secret: str = Field(min_length=1)
    stream_api_url: str = "https://chat.stream-io-api.com"
