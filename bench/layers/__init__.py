"""What the layers between a pool's bytes and a share cost, by pytest-benchmark.

`make bench` runs them; each figure is far below the millisecond that a job switch may take.
"""
