"""What a confusion matrix means at a camera, and at other shares of fakes."""

from edgedf.metrics import Evaluation, Interval

FRAMES_A_SECOND = 30
SHARES = (0.01, 0.05, 0.17, 0.5)  # of fakes among the faces
HEADER = ("false alarms an hour", *(f"{name} at {share:.0%}" for share in SHARES for name in ("F1", "precision")))
ABOUT = (
    "All from the one confusion matrix: recall and false positive rate stay, F1 and precision follow from them at each "
    f"share of fakes. False alarms: of one real face, judged in {FRAMES_A_SECOND} frames a second, each by itself. "
    "Neighbouring frames are alike, so alarms come in bursts; a verdict over time, as of edgedf watch, has fewer."
)


def alarms_an_hour(found: Evaluation) -> Interval:
    """How often an hour of one real face at `FRAMES_A_SECOND` is called fake, frame by frame."""
    frames, rate = FRAMES_A_SECOND * 3600, found.false_positive_rate
    return Interval(rate.value * frames, rate.low * frames, rate.high * frames)


def cells(found: Evaluation) -> list[str]:
    """Cells of a row below `HEADER`, but for the name."""
    alarms = alarms_an_hour(found)
    stated = [found.matrix.at_prevalence(share) for share in SHARES]
    figures = [f"{value:.3f}" for one in stated for value in (one.f1, one.precision)]
    return [f"{alarms.value:,.0f} [{alarms.low:,.0f}, {alarms.high:,.0f}]", *figures]
