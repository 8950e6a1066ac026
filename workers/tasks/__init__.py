"""One module per queue: a job's id in, rows and files out. Torch loads inside the functions only."""
