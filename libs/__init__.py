"""What the services share: contracts of public events, the runtime, permissions and money."""
