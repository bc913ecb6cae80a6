"""Work that is due at a time: the durable schedule and the workers on it."""
