"""The `stampmill` command."""
