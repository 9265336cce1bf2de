"""Reads what code may do, where nothing ran: its functions, and their calls of each other."""
