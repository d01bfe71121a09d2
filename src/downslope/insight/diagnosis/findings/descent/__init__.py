"""What is wrong with how it is trained."""
