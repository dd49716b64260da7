"""Pieces of patterns that several rule families share."""

#: A printed number: 88,34 | 90.66 | 1.020 | 62, 16 (a space slipped in before the unit).
NUMBER = r"(?:\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3},\ \d{2}(?=\ ?(?:điểm|%))|\d+(?:[.,]\d+)?)"

#: A small whole number in words, as ordinals and counts of places are written.
_ONES = r"(?:một|mốt|hai|ba|bốn|tư|năm|lăm|sáu|bảy|bẩy|bảy|tám|chín)"
WORD_NUMBER = rf"(?:mười(?:\ {_ONES})?|(?:hai|ba|bốn|năm|sáu)\ mươi(?:\ {_ONES})?|nhất|nhì|{_ONES})\b"
COUNT = rf"(?:\d{{1,3}}\b(?![.,]\d)|{WORD_NUMBER})"

#: Nouns of places in a ranking, and of those who are ranked.
PLACE_UNIT = r"(?:bậc|hạng|thứ\ hạng|thứ\ bậc|vị\ trí|vị\ thứ)"
RANKED = r"(?:tỉnh|thành|địa\ phương|đơn\ vị|bộ|huyện|quận|thị\ xã|sở|cơ\ quan|xã|phường|provinces|cities|localities|ministries)"

#: What an index has several of, each with a score and a place of its own.
FIELD = r"(?:chỉ số thành phần|nội dung|lĩnh vực|trụ cột|tiêu chí|yếu tố|trục)"

#: What opens the least and the most of several: "nằm trong khoảng 82,79% - 94,07%".
WITHIN = r"(?:trong\ khoảng|dao\ động\ từ)"

#: No ranking is so long, and no index moves so far, that a change is larger than this.
LARGEST_CHANGE = 400

#: Vietnamese capitals, for character classes: no range of code points holds just these.
UPPER = "A-ZÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
LOWER = "a-z" + UPPER[3:].lower()
#: What stands before a second place, "xếp hạng 52/63 tỉnh, thành và 12/13 tỉnh, thành ĐBSCL", the one of a region.
BEHIND_PLACE_OF_ALL = r"(?:\d{1,2}/(?:63|64|34)\b[^.;]{0,40}|(?:thứ|hạng|vị trí) \d{1,2} (?:trong )?(?:cả nước|toàn quốc) )(?:và|,|;) $"
