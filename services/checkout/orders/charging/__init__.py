"""How orders are charged: the provider is asked outside of any transaction."""
