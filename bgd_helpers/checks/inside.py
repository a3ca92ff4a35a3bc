"""What runs in the kernel beside the answers: it calls them and sends out what they give. It holds nothing secret."""

import json

import bgd_helpers.checks.outcomes as outcomes
import bgd_helpers.checks.wire as wire
from bgd_helpers.checks.observing import observe


def emit(request):
    """Publish what the answer that `request` (JSON) names gives on its cases."""
    from IPython import get_ipython

    shell = get_ipython()
    asked = json.loads(request)
    shell.display_pub.publish({wire.MIME: json.dumps(_answer(shell.user_ns, **asked)), "text/plain": ""})


def _answer(names, name, parameters, cases, read):
    """What is there under that name: nothing, a text, or the Observation of a function."""
    value = names.get(name)
    if value is None or value is ...:
        return ["missing"]
    if read is None:
        return ["text", str(value)[: wire.LONGEST_DERIVATION + 1]] if isinstance(value, str) else ["kind", _kind(value)]
    if not callable(value):
        return ["kind", _kind(value)]
    seen = observe(value, parameters, wire.arguments(cases), getattr(outcomes, read))
    rounds = [wire.packed(outcomes)[1:] for outcomes in (seen.found, seen.again)]
    return ["seen", [seen.takes, list(map(bool, seen.changed)), *rounds]]


def refuse_commands():
    """Have `!command` and `%pip` say that they do nothing while an answer is graded."""
    from ipykernel.zmqshell import ZMQInteractiveShell

    def refuse(shell, command, *rest, **named):
        print(f"`{str(command)[:60]}` is not run while an answer is graded.")

    for name in ("system", "system_piped", "system_raw", "getoutput"):
        setattr(ZMQInteractiveShell, name, refuse)


def _kind(value):
    return type(value).__name__[:60]
