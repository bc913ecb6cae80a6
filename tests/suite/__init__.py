"""How the suite runs: which tests are quick, and how long each part took."""
