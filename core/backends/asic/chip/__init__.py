"""What is known of each chip: its row, its registers' values, the order to bring it up in."""
