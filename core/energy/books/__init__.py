"""What was spent, on what, at what cost: in this run and in all."""
