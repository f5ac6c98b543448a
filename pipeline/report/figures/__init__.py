"""The figures of a report, each computed from the stored cells alone, so that anybody can compute it again."""
