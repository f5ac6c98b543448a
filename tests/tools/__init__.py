"""Programs that make what the repository carries: run by hand, then looked at."""
