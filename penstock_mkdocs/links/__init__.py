"""Where flows and steps are on a site, and who is told of it."""
