"""Cells of files that people open in a spreadsheet, which runs what looks like a formula."""

#: What a spreadsheet would run.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run; negative numbers stay numbers.

    >>> harmless("=HYPERLINK(1)"), harmless("-4.30"), harmless("Hưng Yên")
    ("'=HYPERLINK(1)", '-4.30', 'Hưng Yên')
    """
    if not text.startswith(_FORMULA):
        return text
    is_number = text.removeprefix("-").replace(".", "", 1).isdecimal()
    return text if is_number else f"'{text}"
