"""Mining, whoever sends the jobs."""
