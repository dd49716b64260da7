"""Tables as grids of cells, however a page or a file has written them."""


def cell_spans(cells: tuple[str, ...], start: int) -> tuple[tuple[int, int], ...]:
    """Return each cell's place in a line that joins them with " | "."""
    spans = []
    for cell in cells:
        spans.append((start, start + len(cell)))
        start += len(cell) + 3
    return tuple(spans)


def spread(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Give a heading over several columns to each of them, where it stands in the first and the others were left empty.

    >>> spread((("TT", "Năm 2018", ""), ("", "Điểm", "Hạng"), ("1", "70,36", "1")))[0]
    ('TT', 'Năm 2018', 'Năm 2018')
    """
    if len(rows) < _LEAST_ROWS or len(rows[0]) != len(rows[1]) or "" not in rows[0]:
        return rows
    whole: list[str] = []
    for above, below in zip(rows[0], rows[1], strict=True):
        whole.append(whole[-1] if not above and below and whole else above)
    return (tuple(whole), *rows[1:])


# A table whose heading takes two rows has a third.
_LEAST_ROWS = 3
