"""The commands that tell which tests take which arrows."""
