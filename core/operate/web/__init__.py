"""The HTTP port: metrics, the JSON of AxeOS, the page; loopback unless told otherwise."""
