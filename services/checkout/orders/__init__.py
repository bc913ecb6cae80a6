"""One attempt to buy: quote, hold, then fulfilled or expired, or the money back."""
