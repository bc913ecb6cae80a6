"""`backstage demo`: fills a running system, buys a pass, goes live, and reports the effects."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import httpx
import typer

from libs.events.checkout import PassPurchased
from libs.money.writing import written
from libs.runtime.messaging import bus
from ops import showcase, stores
from ops.live_demo import LiveDemo
from ops.paths import data_path_of
from ops.timeline import FanOut, Incomplete, Listener, fan_outs, is_complete
from ops.up.data_folder import DataFolder
from ops.up.refusals import CannotStart
from ops.visitor import Refused, Visitor

_EFFECTS_WITHIN_S: Final = 20.0
_JSON_FOR_S: Final = 3.0


def demo(
    port: Annotated[int, typer.Option(help="The port of the gateway.")] = 8000,
    data: Annotated[Path | None, typer.Option(help="The data folder of that system.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object on the last line.")] = False,
    for_s: Annotated[
        float | None,
        typer.Option(
            "--for",
            min=0,
            metavar="SECONDS",
            help=f"How long the stream stays on: until Ctrl-C, and {_JSON_FOR_S:g} s with --json.",
        ),
    ] = None,
) -> None:
    """Fill a running system with a creator and her passes, buy one as a new person, and go live."""
    if as_json and for_s is None:
        for_s = _JSON_FOR_S
    try:
        folder = _folder_of(port, data)
        told = asyncio.run(_demonstrate(port, folder, for_s))
    except (CannotStart, Refused, Incomplete, TimeoutError, httpx.HTTPError) as failed:
        typer.echo(f"The demo failed: {type(failed).__name__}: {failed}", err=True)
        raise typer.Exit(1) from failed
    if as_json:
        typer.echo(json.dumps(told))


def _folder_of(port: int, data: Path | None) -> DataFolder:
    folder = DataFolder(data_path_of(port, data))
    running = folder.running()
    if running.base_port != port:
        raise CannotStart(
            f"The system on {folder.path} listens on port {running.base_port}, not {port}:"
            " say --port, or name its folder with --data."
        )
    return folder


async def _demonstrate(port: int, folder: DataFolder, for_s: float | None) -> dict[str, Any]:
    gateway, sandbox = f"http://localhost:{port}", folder.running().urls["sandbox"]
    mark = uuid4().hex[:6]
    mara = Visitor(gateway, sandbox, f"mara.{mark}@example.com")
    fan = Visitor(gateway, sandbox, f"jonas.{mark}@example.com")
    made = await asyncio.to_thread(_prepare, mara, fan, mark)
    typer.echo(f"Creator   {gateway}/@{made.username}")
    typer.echo(f"Space     {gateway}/{made.space}")
    typer.echo(f"Pass      {gateway}/{made.space}/front-row")

    client = await bus.connect(stores.nats_url(folder), "demo")
    try:
        listener = Listener(client)
        await listener.start()
        order = await asyncio.to_thread(fan.buy, made.passes["front-row"])
        await listener.until(lambda said: is_complete(said, purchases=1), _EFFECTS_WITHIN_S)
    finally:
        await bus.close(client)
    [fan_out] = fan_outs(listener.said, folder)
    await asyncio.to_thread(_look, fan, made)
    _tell(order, fan_out)
    late_set = f"{gateway}/account/purchased_spaces/{made.space}/experiences/late-set/stream"
    mailbox = folder.running().urls["mailbox"]
    live = LiveDemo(mara, fan, made.experiences["late-set"], late_set, mailbox)
    watched = await live.run(for_s, typer.echo)
    return {
        "name": "demo",
        "creator": made.username,
        "space": made.space,
        "order_id": order["order_id"],
        "person_id": fan.person_id,
        "sold": PassPurchased.type,
        "access_ms": round(fan_out.access_ms, 2),
        "chat_ms": round(fan_out.chat_ms, 2),
        "notice_ms": round(fan_out.notice_ms, 2),
        "first_frame_ms": round(watched.first_frame_ms, 2) if watched else None,
        "frames": watched.frames if watched else 0,
    }


def _prepare(mara: Visitor, fan: Visitor, mark: str) -> showcase.Showcase:
    mara.sign_in()
    made = showcase.create(mara, mark)
    fan.sign_in()
    return made


def _look(fan: Visitor, made: showcase.Showcase) -> None:
    """Compare what the buyer sees with the events. Raises Refused."""
    entered = {grant["experience_id"] for grant in fan.call("GET", "/api/grants/mine")}
    if not set(made.experiences.values()) <= entered:
        raise Refused("the buyer may not enter what was bought")
    for experience_id in made.experiences.values():
        seat = fan.call("GET", f"/api/experiences/{experience_id}/chat")
        if seat["state"] != "ready":
            raise Refused(f"the buyer has no seat in the chat of {experience_id}")
    if not fan.call("GET", "/api/notices"):
        raise Refused("the buyer was told nothing")


def _tell(order: dict[str, Any], fan_out: FanOut) -> None:
    price = written(order["total_minor"], order["currency"])
    typer.echo(f"\nsold      {order['pass_name']} for {price}, order {order['order_id']}")
    for effect, took_ms in (
        ("access", fan_out.access_ms),
        ("chat", fan_out.chat_ms),
        ("notice", fan_out.notice_ms),
    ):
        typer.echo(f"  → {effect:7} {took_ms:7.1f} ms after the sale was committed")
