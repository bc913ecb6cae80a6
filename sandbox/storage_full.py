"""The stand-ins' answer while their disk is full."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


async def storage_full(_request: Request, full: Exception) -> Response:
    """503: nothing was written, try again later; the sentence says what to do."""
    error = {"type": "api_error", "message": str(full)}
    return JSONResponse({"error": error}, 503, headers={"Retry-After": "5"})
