"""Getting a connection and nothing else: dialling, TLS, proxies, and why there is none."""
