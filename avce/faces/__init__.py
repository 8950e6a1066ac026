"""Faces in pictures: find them, follow them, cut them out. Torch-free."""
