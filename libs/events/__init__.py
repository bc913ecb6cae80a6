"""Public contracts: every event that one service tells the others, and its envelope. No I/O."""
