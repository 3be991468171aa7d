"""A desktop app with a loop of its own: OpenCV reads the camera and shows the window, the watcher works beside it.

pip install edgedf opencv-python
python desktop.py 0
"""

import sys
from typing import Any

import cv2
import numpy as np

from edgedf.runtime import Event, Watcher

COLOURS = {"real": (178, 114, 0), "fake": (0, 94, 213), "abstain": (150, 150, 150)}  # BGR
ESCAPE = 27


def draw(picture: Any, event: Event) -> None:
    """Draws the faces of an event into a picture `(H, W, 3)` BGR."""
    for face in event.tracks:
        x, y, width, height = map(round, face.box)
        colour = COLOURS[face.verdict]
        cv2.rectangle(picture, (x, y), (x + width, y + height), colour, 2)
        label = f"{face.id} {face.verdict} {face.score:.2f}"
        cv2.putText(picture, label, (x, max(y - 6, 12)), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 2)


def main(source: int | str) -> None:
    """Shows a camera, by its number, or a video, until it ends or someone presses Escape."""
    camera = cv2.VideoCapture(source)
    if not camera.isOpened():
        sys.exit(f"OpenCV cannot open {source}: give a camera's number or a video")
    with Watcher() as watcher:
        while camera.grab():
            picture = camera.retrieve()[1]
            rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
            watcher.submit(rgb, copy=False)  # returns at once
            if event := watcher.latest():  # of this frame or one before; never waited for
                draw(picture, event)
            cv2.imshow("edgedf", picture)
            if cv2.waitKey(1) == ESCAPE:
                break
    camera.release()
    cv2.destroyAllWindows()


if __name__ == "__main__":
    [name] = sys.argv[1:] or ["0"]
    main(int(name) if name.isdecimal() else name)
