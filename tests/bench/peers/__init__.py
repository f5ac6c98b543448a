"""The runner beside others that do the same work: `make bench-peers`. Each has an environment of its own under build/peers."""
