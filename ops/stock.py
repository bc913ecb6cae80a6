"""`backstage stock`: the ledger of a pass's seats, and its counter."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg import Connection
from psycopg.rows import DictRow

from ops import stores
from ops.options import As, AsJson, Data, folder_of
from services.checkout.stock import audit

app = typer.Typer(help="The ledger and the counters of the stock.", no_args_is_help=True)

PassId = Annotated[UUID, typer.Argument(help="The pass.")]


@dataclass(frozen=True, slots=True)
class Move:
    """One move of the ledger, and the sums up to and with it."""

    at: str
    kind: str
    reason: str
    order_id: str | None
    held: int
    sold: int
    seats: int | None

    @property
    def left(self) -> int | None:
        """How many seats are still for sale; None without a limit."""
        return None if self.seats is None else max(0, self.seats - self.held - self.sold)

    @property
    def oversells(self) -> bool:
        """Whether the move took a seat that the pass did not have.

        A capacity lowered below the taken seats takes none.
        """
        takes = self.kind in {"held", "held_again"}
        return takes and self.seats is not None and self.held + self.sold > self.seats


@app.command("audit")
def audit_pass(pass_id: PassId, as_json: AsJson = False, data: Data = None) -> None:
    """Print every move of a pass's seats with its reason and the sums; exit 1 if they are wrong."""
    with stores.reading(stores.database_url("checkout", folder_of(data))) as checkout:
        moves = list(ledger(checkout, pass_id))
        counters = {row["pass_id"]: row for row in audit.list_counters(checkout)}
    if pass_id not in counters:
        raise typer.BadParameter(f"no pass {pass_id} whose stock is known")
    for move in moves:
        typer.echo(json.dumps(asdict(move)) if as_json else _in_columns(move))
    wrong = list(_wrong(moves, counters[pass_id]))
    for sentence in wrong:
        typer.echo(sentence, err=as_json)
    if wrong:
        raise typer.Exit(1)
    typer.echo(f"{len(moves)} moves: never oversold, and the counter is their sum.", err=as_json)


def ledger(checkout: Connection[DictRow], pass_id: UUID) -> Iterator[Move]:
    """Return the moves of a pass's seats with the sum at each prefix, the oldest first."""
    held, sold, seats = 0, 0, None
    orders: dict[UUID, UUID] = {}
    for row in audit.list_ledger(checkout, pass_id):
        if row["is_capacity"]:
            seats = row["seats"]
        elif row["order_id"] is not None:
            orders[row["seat_id"]] = row["order_id"]
        held, sold = held + row["held"], sold + row["sold"]
        order_id = orders.get(row["seat_id"])
        yield Move(
            at=row["recorded_at"].isoformat(timespec="seconds"),
            kind="capacity" if row["is_capacity"] else row["move"],
            reason=f"version {row['version_number']}" if row["is_capacity"] else row["reason"],
            order_id=None if order_id is None else str(order_id),
            held=held,
            sold=sold,
            seats=seats,
        )


def _in_columns(move: Move) -> str:
    left = "no limit" if move.left is None else str(move.left)
    return (
        f"{move.at}  {move.kind:<10}  {move.reason:<18}  {move.order_id or '-':<36}"
        f"  held {move.held:>4}  sold {move.sold:>4}  left {left:>4}"
    )


def _wrong(moves: list[Move], counter: DictRow) -> Iterator[str]:
    for move in moves:
        if move.oversells:
            yield f"At {move.at} order {move.order_id} took a seat that the pass did not have."
    # Without a limit the counter counts nothing.
    if counter["capacity"] is None or not moves:
        return
    if (counter["held"], counter["sold"]) != (moves[-1].held, moves[-1].sold):
        yield (
            f"The counter has {counter['held']} held and {counter['sold']} sold:"
            f" backstage stock recount {counter['pass_id']}"
        )


@app.command("recount")
def recount(pass_id: PassId, as_: As = None, data: Data = None) -> None:
    """Set the counter of a pass to the sum of its events."""
    with stores.operating("checkout", folder_of(data), as_) as operator:

        def act() -> dict[str, Any]:
            return audit.recount(operator.cursor(), pass_id)

        try:
            before = operator.intervene("stock.recount", str(pass_id), "", act)
        except LookupError as unknown:
            raise typer.BadParameter(str(unknown)) from unknown
    typer.echo(f"It was {before['held']} held and {before['sold']} sold before.")
