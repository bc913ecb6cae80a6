"""All services in one process, driven through one story by one random number.

Real: domain, application, reactions, timers, jobs, views, the handling of one message and one
schedule entry, and the SQL on a real PostgreSQL. Simulated: the bus, the clock, and the outside
world (Stripe, GetStream, the mail server, the buyers). One thread: the seed decides everything.
"""
