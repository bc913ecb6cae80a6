"""All services in one process, driven through one story by one random number.

Real: domain, application, reactions, timers, jobs, views, the consumer's and the worker's way of
handling one thing, and the SQL on a real PostgreSQL. Simulated: the bus, the clock, and everyone
outside (Stripe, GetStream, the mail server, the buyers). One thread: the seed decides everything.
"""
