"""The Block Kit validator and the escaping of texts."""
