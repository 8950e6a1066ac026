"""Data sets: recognise them, examine them, cut the faces out once, and feed them to training."""
