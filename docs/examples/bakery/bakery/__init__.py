"""A bakery that takes orders. Nothing in it knows of penstock."""
