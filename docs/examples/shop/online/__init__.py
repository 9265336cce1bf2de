"""The shop goes online: three processes, each a service of its own, and one correlation ID through all of them."""
