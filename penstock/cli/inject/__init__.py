"""penstock inject: blocks of documents that are kept fresh."""
