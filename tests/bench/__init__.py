"""The benchmarks of `make bench`: each part prints its figures; nothing is asserted, because machines differ."""
