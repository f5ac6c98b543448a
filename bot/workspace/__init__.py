"""Our own small Slack on 127.0.0.1, for the demo and for tests: it rejects what Slack rejects and can fail as Slack fails.

`server.py` puts it together; `person.py` acts as its people; `page_api.py` and `control_api.py` document its HTTP endpoints.
"""
