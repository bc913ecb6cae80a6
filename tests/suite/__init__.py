"""How the suite is run: which tests are the quick ones, and what each part took."""
