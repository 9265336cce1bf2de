"""A parts catalogue: it follows a supplier's bills of material and keeps the people who use it."""
