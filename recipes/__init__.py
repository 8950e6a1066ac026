"""How the weights that ship with AVCE Studio were made; each recipe is a script that can be run again."""
