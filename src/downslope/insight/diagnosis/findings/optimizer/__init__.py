"""What is wrong with the settings of an update: its rule, its rows, its clipping, what it leaves as it is."""
