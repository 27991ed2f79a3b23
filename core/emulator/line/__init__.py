"""The line of an emulated board: how long bytes take, how they are cut, and the pseudo-terminal."""
