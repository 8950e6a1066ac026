"""Where in a face an output comes from: maps, drawings of them, and numbers that say whether to trust them."""
