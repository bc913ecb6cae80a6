"""The event store on PostgreSQL: one transaction holds events, inbox, views and schedule."""
