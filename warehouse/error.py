"""What goes wrong with a warehouse."""


class WarehouseError(Exception):
    """Raised when the warehouse cannot be opened, written or published; names the file and what to do."""


class HeldError(WarehouseError):
    """Raised when somebody has the warehouse open for writing, which keeps everybody else out; names who."""
