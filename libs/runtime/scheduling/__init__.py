"""Work that is due at a time: the durable schedule and its workers."""
