"""A small shop: orders come in over HTTP and over a topic, are paid, reserved, confirmed and shipped."""
