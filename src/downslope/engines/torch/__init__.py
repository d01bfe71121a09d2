"""The torch engine: the same programs through PyTorch's operations, on a GPU or on the processor."""
