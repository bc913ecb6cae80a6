"""The routes of buyers and teams."""
