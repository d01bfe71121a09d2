"""What is wrong with the network that is to learn."""
