"""The options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

from ops.paths import data_path
from ops.up.data_folder import DataFolder

Data = Annotated[Path | None, typer.Option(help="The data folder of the running system.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who you are; default the account's name."),
]
Reason = Annotated[str, typer.Option(help="Why; it is stored.")]


def folder_of(data: Path | None) -> DataFolder:
    """Return the data folder that the person at the terminal means."""
    return DataFolder(data_path(data))
