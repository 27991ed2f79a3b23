"""What a kilowatt-hour costs at any time."""
