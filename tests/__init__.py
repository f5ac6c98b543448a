"""The tests, in the tree of what they test."""

import os
import sys

# Bytecode is kept even on a machine that is told to write none: without it every process these tests start compiles Ferry anew.
sys.dont_write_bytecode = False
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
