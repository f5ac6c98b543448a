"""The search for a target's best prompt on dev: candidates narrowed rung by rung, paid for once, within a budget."""
