"""The local workspace, judged by Slack's own libraries: slack_bolt and slack_sdk run against it unchanged."""
