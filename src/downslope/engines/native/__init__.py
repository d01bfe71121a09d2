"""The native engine: a program is lowered to a tape, and C++ runs whole epochs of it."""
