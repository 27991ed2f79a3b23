"""Other people's miners, measured in the same run by what they print of themselves."""
