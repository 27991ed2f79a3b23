"""A pool that misbehaves by name: scenarios that stand between the pool core and the wire."""
