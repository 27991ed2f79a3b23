"""What a board is, and each kind of board."""
