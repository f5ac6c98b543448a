"""The standing comparison after sign-off: `digest` compares a run of today with the signed baseline."""
