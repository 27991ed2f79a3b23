"""Processes that are measured: started, asked, watched from outside and ended."""
