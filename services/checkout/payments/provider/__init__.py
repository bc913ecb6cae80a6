"""What the payment provider is asked, and Stripe, which answers."""
