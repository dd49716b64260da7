"""Text typed for the fonts of before Unicode, in which a Vietnamese letter has the code of some other sign.

TCVN3 (fonts named .VnTime, .VnArial ...) gives each letter one code of TCVN 5712:1993; VNI (fonts named VNI-Times ...)
writes most letters as a vowel and a mark behind it. A page says so only by the name of its font.
"""

import re
from collections.abc import Callable
from html import escape, unescape

_TCVN3 = {
    ord(sign): letter
    for signs, letters in (
        ("¡¢£¤¥¦§", "ĂÂÊÔƠƯĐ"),
        ("¨©ª«¬\u00ad®", "ăâêôơưđ"),
        ("µ¶·¸¹", "àảãáạ"),
        ("»¼½¾Æ", "ằẳẵắặ"),
        ("ÇÈÉÊË", "ầẩẫấậ"),
        ("ÌÎÏÐÑ", "èẻẽéẹ"),
        ("ÒÓÔÕÖ", "ềểễếệ"),
        ("×ØÜÝÞ", "ìỉĩíị"),
        ("ßáâãä", "òỏõóọ"),
        ("åæçèé", "ồổỗốộ"),
        ("êëìíî", "ờởỡớợ"),
        ("ïñòóô", "ùủũúụ"),
        ("õö÷øù", "ừửữứự"),
        ("úûüýþ", "ỳỷỹýỵ"),
    )
    for sign, letter in zip(signs, letters, strict=True)
}
# What is no letter of Unicode Vietnamese, yet stands inside a word.
_TCVN3_MARK = re.compile(r"(?<=[A-Za-z])[µ¶·¸¹»¼½¾©¨ª«¬\u00ad®§ÆÇËÎÏÐÑÓÖ×ØÜÞßåæçëîïñö÷øûüþ]|[¨©ª«¬®µ¸][a-z]")

_VNI_PAIRS = {
    "a": "ùáøàûảõãïạââáấàầåẩãẫäậêăéắèằúẳüẵëặ",
    "e": "ùéøèûẻõẽïẹâêáếàềåểãễäệ",
    "o": "ùóøòûỏõõïọâôáốàồåổãỗäộ",
    "ô": "ùớøờûởõỡïợ",
    "ö": "ùứøừûửõữïự",
    "u": "ùúøùûủõũïụ",
    "y": "ùýøỳûỷõỹ",
}
_VNI_SINGLE = {"ñ": "đ", "ö": "ư", "ô": "ơ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "í": "í", "ì": "ì"}
_VNI = {base + pairs[n]: pairs[n + 1] for base, pairs in _VNI_PAIRS.items() for n in range(0, len(pairs), 2)} | _VNI_SINGLE
_VNI |= {sign.upper(): letter.upper() for sign, letter in _VNI.items()}
_VNI |= {sign[0].upper() + sign[1:]: letter.upper() for sign, letter in _VNI.items() if len(sign) == 2 and sign[0].islower()}  # noqa: PLR2004
_VNI_READ = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))
_VNI_MARK = re.compile(r"[ñöÑÖ]|[aA][ùøûõïâêåäúëüÙØÛÕÏÂÊÅÄÚËÜ]|[eEoO][âùøûõïåäÂÙØÛÕÏÅÄ]|[ôÔ][ùøûõïÙØÛÕÏ]")

# Letters that only Unicode Vietnamese has.
_UNICODE = re.compile(r"[ĂăĐđĨĩŨũƠơƯư\u1ea0-\u1ef9]")
_TEXT = re.compile(r">([^<>]+)<")
_FONT = re.compile(r"(?:face|font(?:-family)?)\s*[=:][^>;{}]{0,80}?(?P<tcvn>\.Vn[A-Z])|(?P<vni>VNI-[A-Z])")


def _tcvn3(text: str) -> str:
    return text.translate(_TCVN3)


def _vni(text: str) -> str:
    return _VNI_READ.sub(lambda match: _VNI[match[0]], text)


def to_unicode(markup: str) -> str:
    """Return the markup with its texts in Unicode, if it names a font of TCVN3 or VNI; else as it is.

    A stretch that has letters of Unicode is left alone; in a page that has such letters elsewhere, so is one that
    could be either.

    >>> to_unicode('<font face=".VnTime">C¶i c¸ch hµnh chÝnh</font>')
    '<font face=".VnTime">Cải cách hành chính</font>'
    >>> to_unicode('<p style="font-family: VNI-Times">Caûi caùch haønh chính</p>')
    '<p style="font-family: VNI-Times">Cải cách hành chính</p>'
    """
    font = _FONT.search(markup)
    if font is None:
        return markup
    read: Callable[[str], str] = _tcvn3 if font["tcvn"] else _vni
    mark = _TCVN3_MARK if font["tcvn"] else _VNI_MARK
    mixed = bool(_UNICODE.search(markup))

    def text(match: re.Match[str]) -> str:
        said = unescape(match[1])
        if said.isascii() or _UNICODE.search(said) or (mixed and not mark.search(said)):
            return match[0]
        return f">{escape(read(said), quote=False)}<"

    # The text before the next tag is matched with its bracket, so the brackets between two texts are shared.
    return _TEXT.sub(text, markup.replace("><", ">\0<")).replace(">\0<", "><")
