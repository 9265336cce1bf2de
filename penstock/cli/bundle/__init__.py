"""Commands that read files shipped with penstock: example applications, and pages of the reference."""
