"""What somebody should know of without asking: rules over snapshots, and ways to be told."""
