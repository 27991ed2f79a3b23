"""The cgminer API, version 3.7, as kanoi/cgminer's API-README has it: TCP, one request each."""
