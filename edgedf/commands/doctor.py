"""`edgedf doctor`: this machine."""

from dataclasses import asdict

from edgedf import console
from edgedf.programs import Result


def doctor() -> Result:
    """What works on this machine, and what to install for the rest."""
    from edgedf.doctor import examine
    from edgedf.report.environment import Environment

    here, checks = Environment.here(), examine()
    python = here.versions["python"]
    console.say(f"{here.cpu}, {here.cores} cores, {', '.join(here.features)}; {here.system}, Python {python}\n")
    for one in checks:
        console.say(f"{one.name:18}{one.state:10}{one.detail}")
    return {"environment": asdict(here), "checks": [asdict(one) for one in checks]}
