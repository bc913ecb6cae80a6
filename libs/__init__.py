"""What services share: contracts of public events, the runtime, and money."""
