"""Two prompt versions side by side as one HTML file that needs nothing else, with the reason for every edit."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.prompts.diff import changes
from pipeline.records import PromptVersion


def side_by_side(before: PromptVersion, after: PromptVersion) -> str:
    """The page; every text is escaped, no line is left out."""
    environment = Environment(loader=PackageLoader("pipeline.prompts"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("changes.html").render(before=before, after=after, changes=changes(before, after))
