"""Public contracts: the events that services publish, and their envelope. No I/O."""
