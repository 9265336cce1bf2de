"""One module for each integration; each imports the other library only when used."""
