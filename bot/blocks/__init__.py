"""Block Kit on plain dicts: the limits, a strict validator, and the escaping of texts that people and models wrote."""
