"""The order of things: the workflow as a graph, the one function that moves it, the worker, and what free text means."""

import os

# Checkpoints hold ids and short strings; anything else in them was not written by us and must not be revived.
# Read by langgraph when it is first imported, hence set here, above every module that imports it.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
