"""The judge core: one way to ask a model for a ruling that fits a schema, whatever metric asks."""
