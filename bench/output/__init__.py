"""Records made readable: by people, by other tools, and against older ones."""
