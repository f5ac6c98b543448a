"""How people say it: phrases by intent, as they are after filler words are gone."""

from agent.interpret.intent import IntentKind
from agent.interpret.words import core, each

_SAID = {
    IntentKind.STATUS: (
        "status", "what is the status", "how is it going", "how far are we", "where are we", "progress", "show progress",
        "what are you doing", "what is happening", "what's up with the migration", "any news", "any update", "update",
        "are we there yet", "is it done", "is it finished", "are you done", "when is it done", "when will it be done",
        "how long will it take", "how much longer", "what are we waiting for", "who are we waiting for", "what's next",
        "next step", "what happens next", "state of the migration", "give me an update", "how's it going", "how does it look",
    ),
    IntentKind.WHY: (
        "why", "why is it stuck", "why did it stop", "why did it fail", "what went wrong", "what is wrong", "what's the problem",
        "what is the problem", "explain", "explain the verdict", "explain the result", "explain why", "reason",
        "what is the reason", "how come", "what does the verdict mean", "why can't you tell", "justify", "why worse",
        "why not better",
    ),
    IntentKind.SHOW_WORST: (
        "show worst", "show the worst samples", "worst samples", "worst answers", "worst outputs", "show me the worst ones",
        "show regressions", "regressions", "which samples got worse", "what got worse", "where does it fail", "show failures",
        "show me the failures", "show mistakes", "which answers are wrong", "what did it get wrong", "examples that got worse",
        "list the worst", "show wrong answers", "where is the target worse", "biggest losses",
    ),
    IntentKind.SHOW_ERRORS: (
        "show errors", "errors", "list errors", "show the error groups", "error groups", "error analysis", "group the errors",
        "what kinds of errors are there", "which errors", "what errors does it make", "show the causes of the errors",
        "what goes wrong", "why is it wrong", "why are the answers wrong", "causes", "show causes", "what are the causes",
        "summarise the errors", "summarize the errors", "error causes", "failure groups", "typical errors", "common errors",
    ),
    IntentKind.SHOW_PROMPTS: (
        "show prompts", "prompts", "show the prompts", "list prompts", "show candidates", "candidates", "list the candidates",
        "which prompts are there", "which prompt is used", "show the prompt candidates", "prompt candidates", "which prompt won",
        "what prompts did you try", "show the chosen prompts",
    ),
    IntentKind.ROLL_BACK: (
        "roll back", "rollback", "roll back the prompt", "undo the choice", "undo the last choice", "go back to the last prompt",
        "go back to the former prompt", "use the previous prompt", "use the former prompt again", "take the choice back",
        "revert the prompt", "undo prompt",
    ),
    IntentKind.ANOTHER_ROUND: (
        "another round", "one more round", "start another round", "next round", "do another round", "improve the prompts",
        "improve the prompt", "make the prompt better", "try another round", "one more turn", "go for another round",
    ),
    IntentKind.FASTER: (
        "make it faster", "make the target faster", "make the answers faster", "faster", "make it quicker", "reduce latency",
        "lower the latency", "reduce the latency", "shorter answers", "make the answers shorter", "it is too slow", "speed it up",
        "how can it be faster", "how do we make it faster", "what would make it faster",
    ),
    IntentKind.OPTIMIZE: (
        "optimise with advpo", "optimize with advpo", "optimise the prompt with advpo", "optimize the prompt with advpo",
        "ask bedrock to optimise", "ask bedrock to optimize", "ask bedrock to optimise the prompt", "run advpo", "start advpo",
        "ask bedrock to optimize the prompt", "optimise with bedrock", "optimize with bedrock", "ask advpo", "use advpo", "advpo",
        "advanced prompt optimization", "start advanced prompt optimization", "run advanced prompt optimization",
    ),
    IntentKind.STOP_OPTIMIZING: (
        "stop advpo", "stop the optimisation", "stop the optimization", "cancel advpo", "cancel the optimisation", "abort advpo",
        "cancel the optimization", "stop advanced prompt optimization", "stop the advpo job", "cancel the advpo job",
    ),
    IntentKind.HELP: (
        "help", "help me", "what can you do", "how does this work", "commands", "what are the commands", "how do I use this",
        "what can I ask", "what can I say", "usage", "instructions", "I need help", "show help", "how to use", "options",
    ),
    IntentKind.PUBLISH: (
        "publish", "publish the prompt", "publish it", "publish the signed prompt", "publish to bedrock",
        "publish the prompt to bedrock", "publish to prompt management", "publish the prompt to prompt management",
    ),
    IntentKind.PAUSE: (
        "pause", "pause the migration", "stop", "stop now", "pause now", "hold on", "hold", "stop for now",
        "wait", "wait a moment", "take a break",
        "put it on hold", "stop spending", "suspend", "halt", "stop the runs", "pause the runs", "freeze the runs",
        "stop it for today",
    ),
    IntentKind.RESUME: (
        "resume", "resume the migration", "go on", "continue", "carry on", "keep going", "unpause", "restart the runs",
        "start again", "go ahead again", "proceed", "pick it up again", "resume the runs", "continue the migration", "retry",
        "try again", "run it again",
    ),
    IntentKind.CANCEL: (
        "cancel", "cancel the migration", "abort", "abort the migration", "stop the migration", "end the migration", "kill it",
        "give up", "forget it", "drop the migration", "call it off", "terminate the migration", "never mind the migration",
        "cancel everything", "stop everything",
    ),
}  # fmt: skip

PHRASES: dict[str, IntentKind] = {core(phrase): kind for kind, said in _SAID.items() for phrase in said}
"""Core of a phrase -> what it means."""

WHY_ABOUT = each(
    "stuck stopped stop failed fail failing fails waiting wait worse better verdict slow slower target targets model models "
    "source sample samples answer answers prompt prompts candidate candidates metric metrics score scores margin plan report "
    "run runs winner chosen regressed regression regressions paused tell long baseline dataset split refused"
)
"""What a "why" has to be about to be ours."""

WRONG = each("wrong incorrect mistaken errors mistakes")
NO_ANSWERS = each("verdict plan report margin baseline dataset split")
"""A "why" with one of the first and none of the second asks what goes wrong in the answers."""

ADDING = each("add try include also compare test use evaluate consider append")
MEASURING = each("measure score")
REMOVING = each("remove drop delete exclude omit skip")
CHANGE = each(
    "change set make lower raise use reduce increase put move widen tighten adjust allow accept relax margin edit update"
)
NEGATIONS = each("not don't dont never no won't can't cannot shouldn't didn't doesn't without nobody")
