"""Read models: written with their events, rebuilt beside the live ones."""
