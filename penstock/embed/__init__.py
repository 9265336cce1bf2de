"""Parts of pages that both documentation engines share."""
