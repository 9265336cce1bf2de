"""How each builder shows the nodes of penstock."""
