"""Control port of bitaxe-raw boards: packets, regulator, fan, sensors and thermal rules, no I/O."""
