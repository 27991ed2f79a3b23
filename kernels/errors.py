"""What the kernel generator refuses."""


class GeneratorError(ValueError):
    """Something is asked of the generator that it does not have; the text names the value."""
