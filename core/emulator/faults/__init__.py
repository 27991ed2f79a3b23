"""What can go wrong with an emulated device, by name; every fault is seeded and counted."""
