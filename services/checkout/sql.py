"""SQL in the open unit of work."""

from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from libs.runtime.store import unit_of_work


def execute(statement: str, parameters: dict[str, Any]) -> Cursor[DictRow]:
    """Run one prepared statement with named parameters."""
    curs = unit_of_work.required().cursor()
    return curs.execute(statement, parameters, prepare=True)
