"""The formats Ferry reads. A new one is a file here and a line below; the first that recognises the content reads it."""

from pipeline.dataset.formats import csv, json, jsonl, parquet, xlsx
from pipeline.dataset.port import Format

FORMATS: tuple[Format, ...] = (xlsx.FORMAT, parquet.FORMAT, jsonl.FORMAT, json.FORMAT, csv.FORMAT)
