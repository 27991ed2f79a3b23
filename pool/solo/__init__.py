"""Mining alone: templates from a node of one's own, whole blocks back to it."""
