"""Prompts: templates with declared variables, methods that carry them to another model, guards, differences."""
