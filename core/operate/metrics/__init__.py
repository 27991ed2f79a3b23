"""What Prometheus scrapes: the snapshot of a run as families of numbers, and as text."""
