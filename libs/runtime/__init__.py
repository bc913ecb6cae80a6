"""What every service runs on: store, relay, consumers, schedule, HTTP. It knows no domain word."""
