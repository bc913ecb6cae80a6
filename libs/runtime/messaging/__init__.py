"""Events between services over NATS JetStream: relay, consumers, dead letters."""
