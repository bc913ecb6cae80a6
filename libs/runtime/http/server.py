"""Serving an app over HTTP, and how a process logs."""

import logging
import sys

import uvicorn
from fastapi import FastAPI

from libs.runtime.http.connections import ConnectionLimits, guarded_by


def serve(app: FastAPI, host: str, port: int, limits: ConnectionLimits | None = None) -> None:
    """Serve an app until SIGTERM or Ctrl-C; used by the edges too, which have no store.

    `limits` is for what is open to the world. Nothing that a request says of its own origin is
    believed here.
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
    """One line for each record on standard error; the supervisor adds whose it is."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("httpx", "httpcore", "uvicorn.error", "stripe", "botocore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
