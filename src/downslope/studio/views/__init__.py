"""What is sent of a session: frames, pictures, derivations, files."""
