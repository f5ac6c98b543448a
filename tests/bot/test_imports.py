"""The Slack process starts fast and small: what models, reports and metrics need is loaded by those who use it."""

import json
import subprocess
import sys

HEAVY = (
    "boto3", "botocore", "xllamacpp", "matplotlib", "scipy", "pandas", "ragas", "deepeval", "openpyxl", "sacrebleu", "dbos",
    "openai",
)  # fmt: skip


def test_the_bot_process_loads_what_it_needs_and_no_more() -> None:
    code = f"import sys, json, bot.process; print(json.dumps(sorted(set({HEAVY!r}) & sys.modules.keys())))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
