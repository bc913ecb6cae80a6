"""Request bodies: JSON whose values must have the declared types."""

import json
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema
from typing_extensions import override


class RequestBody(BaseModel):
    """A body validated strictly: `true`, "1" and 1.0 are refused where an integer is declared.

    FastAPI passes parsed JSON as Python objects, where strict types would refuse every UUID and
    date as well. The parsed body is therefore read once more as JSON, in which those are strings.
    For the same reason a body is validated and never constructed.
    """

    @classmethod
    @override
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        def read(sent: Any) -> BaseModel:
            if not isinstance(sent, dict):
                raise PydanticKnownError("model_type", {"class_name": source.__name__})
            return source.model_validate_json(json.dumps(sent), strict=True)

        return core_schema.json_or_python_schema(
            json_schema=handler(source),
            python_schema=core_schema.no_info_plain_validator_function(read),
        )
