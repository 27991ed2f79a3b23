"""Emulated board of bitaxe-raw: regulator, fan, thermometers, pins and heat, behind its packets."""
