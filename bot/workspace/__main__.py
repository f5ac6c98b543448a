"""`python -m bot.workspace [--port N]` runs the local workspace alone and prints what a bot needs to connect to it."""

import argparse
import asyncio
import signal

from bot.workspace.server import Workspace


async def run(port: int) -> None:
    """Runs until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with await Workspace.start(port) as workspace:
        print(f"The local workspace is at {workspace.url}. A bot connects to it with:")
        print(f"  SLACK_API_URL={workspace.base_url}")
        print(f"  SLACK_BOT_TOKEN={workspace.bot_token}")
        print(f"  SLACK_APP_TOKEN={workspace.app_token}")
        print(f"  SLACK_SIGNING_SECRET={workspace.signing_secret}", flush=True)
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.workspace", description="A small Slack on this machine.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1 (default: any free one)")
    asyncio.run(run(parser.parse_args().port))


if __name__ == "__main__":
    main()
