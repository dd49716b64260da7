"""What goes wrong with a warehouse."""


class WarehouseError(Exception):
    """Raised when the warehouse cannot be opened, written or published; names the file and what to do."""
