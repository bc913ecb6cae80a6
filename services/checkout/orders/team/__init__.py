"""What the team of a space sees of its sales, and refunds."""
