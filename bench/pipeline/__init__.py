"""The whole path against its targets: rate, latencies, start, memory, soak."""
