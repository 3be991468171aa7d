"""Faces: how a picture is read and how a face is cut out of it, in training and in the camera alike."""
