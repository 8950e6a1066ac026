"""Parts that several pages share: cards, forms, uploads, the player."""
