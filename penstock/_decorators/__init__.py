"""The decorators, made of marks, the registry and wrappers."""
