"""The stock ledger: seats, capacity, and the counters that decide."""
