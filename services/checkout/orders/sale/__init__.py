"""What is on sale, under which terms, and to whom."""
