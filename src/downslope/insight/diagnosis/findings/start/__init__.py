"""What is wrong with the values that its parameters start from."""
