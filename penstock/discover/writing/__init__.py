"""Writes a proposed flow: as decorators, or as declarations beside the code; and the settings that name its modules."""
