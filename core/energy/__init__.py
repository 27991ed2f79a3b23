"""What a run draws and costs, and the rules that pause and throttle it for that."""
