"""Serving an app over HTTP, and the format of the logs."""

import logging
import sys

import uvicorn
from fastapi import FastAPI

from libs.runtime.http.connections import ConnectionLimits, guarded_by


def serve(app: FastAPI, host: str, port: int, limits: ConnectionLimits | None = None) -> None:
    """Serve an app until SIGTERM or Ctrl-C; the edges use it too, although they have no store.

    `limits` protects an app that faces the internet. Forwarding headers of requests are not trusted
    here.
    """
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
        server_header=False,
        ws="none",
        http="auto" if limits is None else guarded_by(limits),
        proxy_headers=False,
    )


def configure_logging() -> None:
    """Write one line per record to standard error; the supervisor adds the service's name."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("httpx", "httpcore", "uvicorn.error", "stripe", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
