"""Steps beside a call that a prompt version declares: on a sample's values before rendering, on the answer after it.

Pure, deterministic and named, so that the version's hash covers them. The application that uses the prompt must do the same;
a report and a diff name them. A step is a function in `prepare` or `finish` and a line in its table.
"""
