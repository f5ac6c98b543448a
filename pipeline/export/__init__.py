"""Outputs and scores as columns, for whoever analyses them with tools of their own."""

from pipeline.export.parquet import Exported, Tables, open_tables

__all__ = ["Exported", "Tables", "open_tables"]
