"""How a run is watched and steered from outside: every surface renders the one snapshot."""
