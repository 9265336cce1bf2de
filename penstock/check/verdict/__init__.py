"""The verdict on each declared edge."""
