"""What measures the accuracy of the check: scenarios are played, changed, and judged."""
