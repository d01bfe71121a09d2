"""What is wrong with the rows that a network is to learn from."""
