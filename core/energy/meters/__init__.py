"""What is read of power, heat and supply, each by itself."""
