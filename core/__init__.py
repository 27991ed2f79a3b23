"""Mining, whoever sends the jobs: the public names of stampmill.core."""
