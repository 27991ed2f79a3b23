"""What a run of `stampmill mine` is put together from."""
