"""What people have of the passes: each purchase starts a membership, the only source of access."""
