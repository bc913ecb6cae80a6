"""What every service runs on: store, relay, consumers, schedule, HTTP. It knows no domain word."""

from libs.lean import load

# nats-py loads aiohttp for WebSockets, which we don't use: it costs 10 MB in each process.
load("nats.aio.transport", without="aiohttp")
