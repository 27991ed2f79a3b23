"""Several pools as one source of jobs: who is mined on, and when another takes over."""
