"""English: "ranked 35th out of the 63", "10th out of 63", "up 4 places on 2023", "the province's", "the national average"."""

import re
from decimal import Decimal

from extract.mentions import Cue, Delta, Group, Pronoun, Rank, RelativeBase, Rule, Statistic, Tier, Year, rule
from extract.rules.patterns import LARGEST_CHANGE, NUMBER
from normalize.numbers import parse_number

ORDINALS = {
    word: n for n, word in enumerate(("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), start=1)
}  # fmt: skip
_VERB = r"(?:ranked|ranks|ranking|rank|placed|placing|came|comes|coming|stood|stands|standing|finished|finishing|held|holds|took|secured|occupied|retained|maintained|take|takes|taking|claim|claimed|remained|remains|remaining|stayed|stays|was|is|(?:climbed|climbing|rose|rising|moved|moving|jumped|jumping|surged|surging|soared|soaring|advanced|advancing|fell|falling|dropped|dropping|slipped|slipping|slid|sliding|plunged|plunging)(?:\ up|\ down)?\ to)"
_ORDINAL = r"(?:(?P<place>\d{1,3})(?:st|nd|rd|th)|(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth))\b(?!\ (?:time|half|quarter|year|edition|round|phase|day|step|province|city|in\ a\ row))"
_OF = r"\ (?:nationwide\ )?(?:out\ of|of|among|in)\ (?:the\ |all\ |a\ total\ of\ )*(?:(?P<of>\d{2,3})|(?P<few>five|six|seven|eight|nine|ten))\b(?!\ ?(?:%|points|percent))"
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "a": 1}
_PLACES = r"(?:places?|ranks?|positions?|notch(?:es)?|spots?|steps?)"
_UP = r"up|rose|rising|climbed|climbing|increased|increasing|improved|improving|gained|gaining|jumped|jumping|surged|surging|soared|soaring|leapt|leaped|leaping|advanced|advancing|moved\ up|higher|an?\ (?:increase|rise|jump|gain|improvement)\ of"
_DOWN = r"down|fell|falling|dropped|dropping|decreased|decreasing|declined|declining|lost|losing|slipped|slipping|slid|sliding|plunged|plunging|tumbled|tumbling|an?\ (?:decrease|drop|fall|decline|loss)\ of"
_SIGN = re.compile(rf"\b(?:(?P<up>{_UP})|{_DOWN})\b".replace("\\ ", "[ ]"))


def _rank(match: re.Match[str]) -> Rank | None:
    found = match.groupdict()
    place = int(found["place"]) if found["place"] else ORDINALS[found["word"]]
    of = int(found["of"]) if found.get("of") else _WORDS.get(found.get("few") or "")
    return Rank(place, of) if place >= 1 and (of is None or place <= of) else None


_TOLD_BEFORE = re.compile(rf"\b(?:{_VERB}) (?:first|second|third)\b(?:[^.;]|\.\d)*$".replace("\\ ", " "), re.IGNORECASE)


def _next(match: re.Match[str]) -> Rank | None:
    return _rank(match) if _TOLD_BEFORE.search(match.string, max(0, match.start() - 120), match.start()) else None


_UNITS = {
    "%": "%", "percentage points": "%", "percent": "%", "per cent": "%", "percent points": "%", "points": "điểm", "point": "điểm",
}  # fmt: skip


def _changed(match: re.Match[str], *, is_up: bool) -> Delta | None:
    printed, unit = match["amount"], _UNITS.get(match["unit"], "bậc")
    amount = Decimal(_WORDS[printed]) if printed in _WORDS else parse_number(printed, Decimal(100))
    if not 0 < amount <= LARGEST_CHANGE or (unit == "bậc" and amount != amount.to_integral_value()):
        return None
    return Delta(amount if is_up else -amount, unit)


def _delta(match: re.Match[str]) -> Delta | None:
    upward = [sign["up"] for sign in _SIGN.finditer(match.string, max(0, match.start() - 40), match.start("amount"))]
    return _changed(match, is_up=bool(upward[-1])) if upward else None


_IMPROVED = re.compile(
    r"\b(?:(?P<up>improved|raised|lifted|increased|boosted)|reduced|lowered|worsened) (?:its|their) [^.;]{0,110}$", re.IGNORECASE
)


def _delta_by(match: re.Match[str]) -> Delta | None:
    verb = _IMPROVED.search(match.string, max(0, match.start() - 130), match.start())
    return _changed(match, is_up=bool(verb["up"])) if verb else None


def _delta_than(match: re.Match[str]) -> Delta | None:
    return _changed(match, is_up=match["way"] in {"higher", "more"})


_RANKED_WHOM = re.compile(r"\b(?:ranked|ranks|placed|places|puts?) (?:[^\W\d_]+ ){1,4}$")


def _ranked(match: re.Match[str]) -> Rank | None:
    return _rank(match) if _RANKED_WHOM.search(match.string, max(0, match.start() - 50), match.start()) else None


_CHANGE = rf"(?P<amount>{NUMBER}|(?:{'|'.join(_WORDS)})(?=\ {_PLACES}\b))\ ?(?P<unit>%|percentage\ points|per\ ?cent(?:\ points)?|points?\b|{_PLACES}\b)"

_COMPARED = re.compile(
    r"(?:above|below|than|under|over|exceed(?:s|ed|ing)?|to|with)(?: the)?(?: (?:national|provincial|country's|country’s|overall))?\s*$"
)


def _statistic(match: re.Match[str]) -> Statistic:
    compared = bool(_COMPARED.search(match.string, max(0, match.start() - 50), match.start()))
    return Statistic("score_median" if match["word"] == "median" else "score_mean", compared)


def _tier(match: re.Match[str]) -> Tier:
    return Tier((match["name"] or match["after"]).upper())


def _base(match: re.Match[str]) -> Year:
    return Year((int(match["year"]),), base=True)


BEFORE_NAMES: tuple[Rule, ...] = (
    # the limits of a group: "in B group (80% - less than 90%)"
    rule("english.threshold", r"\b\d+(?:[.,]\d+)?%\ ?(?:-|–|to)\ (?:less\ than|under)\ \d+(?:[.,]\d+)?%", lambda _: Cue("noise")),
    rule("english.group", r"\b(?:in\ |into\ )(?:the\ )?(?:group\ (?P<after>[abcd])|(?P<name>[abcd])\ group)\b", _tier),
    rule("english.delta", rf"\b(?:{_UP}|{_DOWN})\ (?:by\ )?{_CHANGE}", _delta),
    # "1.6 points higher than in 2022"; than the mean of the country it is no change
    rule(
        "english.delta_than",
        rf"(?<!\w){_CHANGE}\ (?P<way>higher|lower|more|less)(?=\ than\ (?:in\ |that\ of\ |that\ in\ )?(?:20\d\d|(?:the\ )?(?:previous|last)\ year|(?:the\ |a\ )?year\ (?:before|earlier))\b)",
        _delta_than,
    ),
    # "improved its PCI ranking by 3 places"
    rule("english.delta_by", rf"(?<=\bby\ ){_CHANGE}", _delta_by),
    # the second change takes the first one's direction: "up 2.57% and 13 ranks"
    rule("english.delta_shared", rf"(?<=[%a-z])\ and\ {_CHANGE}(?=\ (?:on|over|from|compared|against|than|higher|lower)\b)", _delta),
    rule("english.rank", rf"\b{_VERB}\ (?:at\ |in\ |to\ )?(?:the\ )?{_ORDINAL}(?:\ (?:place|position))?(?:{_OF})?", _rank),
    # without a verb an ordinal is a date, a congress or a session, unless it says of how many
    rule(
        "english.rank_of", rf"(?<!\w){_ORDINAL}(?:\ (?:place|position))?{_OF}(?=\ (?:provinces|cities|localities|ministries)|[.,;)])", _rank
    ),
    # "scored 47.4 points, the second highest in the country"
    rule("english.rank_highest", rf"\bthe\ {_ORDINAL}[ -]highest(?=\ (?:nationwide|nationally|in\ the\ (?:country|nation))\b)", _rank),
    rule("english.rank_nationwide", rf"(?<!\w){_ORDINAL}(?=\ (?:nationwide|in\ the\ (?:country|nation|whole\ country))\b)", _rank),
    rule(
        "english.rank_to",
        rf"(?<=to\ )(?:the\ )?{_ORDINAL}(?=\s*(?:$|[,.;)])|\ (?:place|position|nationwide|in|with|and|from|after|this|last)\b)",
        _rank,
    ),
    # "Quang Ninh came first, Hai Phong second and Da Nang third": the verb is the first one's
    rule(
        "english.rank_next",
        r"(?<=[a-z]\ )(?P<place>(?!))?(?P<word>second|third|fourth|fifth)(?=[.,;]|\ (?:and|with|at)\b|\ \(|\s*$)",
        _next,
    ),
    # "the 2023 PCI ranked Quang Ninh 16th with ..."
    rule("english.rank_whom", rf"(?<!\w){_ORDINAL}(?=\ (?:with|at)\b|[.,;]|\s*$)", _ranked),
    # "second place went to Hai Phong"
    rule("english.place_went", rf"(?<!\w){_ORDINAL}\ place(?=\ (?:went|goes|belong(?:s|ed)|to)\b)", _rank),
    rule("english.rank_compared", rf"(?:(?<=compared\ with\ )|(?<=compared\ to\ )){_ORDINAL}(?:\ place)?(?:{_OF})?", _rank),
    rule("english.runner_up", r"\b(?:the\ )?runner-up\b", lambda _: Rank(2)),
    # where a change starts from: "up from 22nd in 2019"
    rule("english.rank_from", rf"(?<=from\ )(?:the\ )?{_ORDINAL}(?:\ (?:place|position))?(?:{_OF})?", _rank),
    rule(
        "english.last",
        r"\bat\ the\ bottom\b|\bwas\ (?:at\ the\ )?bottom\ of\ the\ (?:table|list|ranking|rankings)\b|\b(?:ranked|ranks|ranking|came|comes|stood|stands|finished|placed)\ (?:last|bottom)\b|\bwas\ (?:ranked\ )?last(?=\ with\b)|\bthe\ (?:lowest|last)(?=\ (?:is|was)\b)|\b(?:has|had|with|got|recorded|posted)\ the\ lowest(?=\ (?:(?:\w+\ ){0,3}(?:score|points|ranking)|with)\b)",
        lambda _: Rank(None, from_end=1, superlative=True),
    ),
    rule(
        "english.first",
        r"\bat\ the\ (?:head|top)\b(?!\ of\ (?:his|her))|(?<!had\ )\b(?:topped|tops|topping|(?<=to\ )top(?=\ the\b)|(?:led|leads|leading)(?!\ (?:by|to|up|into|the\ way)\b))(?:\ the\ (?:country|nation|list|table|rankings?|chart|index))?\b|\b(?:has|had|with|got|earned|recorded|posted|achieved)\ the\ highest(?=\ (?:(?:\w+\ ){0,3}(?:score|points|ranking)|with)\b)|\b(?:(?:was|is)\ (?:named\ )?the\ best[ -]perform(?:er|ing\ (?:province|locality|city))|crowned\ (?:the\ )?champion)\b|\b(?:took|retained|kept|held|secured)\ the\ (?:lead|top\ (?:spot|place|position)|first\ place)\b|\bin\ the\ lead\b|\b(?:came|finished)\ (?:out\ )?(?:on\ )?top\b|\bto\ lead(?=\ (?:the\ )?[a-z]+\ (?:20\d\d|index|rankings?))",
        lambda _: Rank(1, superlative=True),
    ),
)

RULES: tuple[Rule, ...] = (
    rule(
        "english.base",
        r"(?:\b(?:compared\ (?:to|with)|against|than\ in|than|same\ as\ in|same\ as|as\ in)|(?:(?<=%)|(?<=points)|(?<=place)|(?<=places)|(?<=ranks)|(?<=positions)|(?<=spots))\ (?:on|over|from))\ (?P<year>20\d\d)\b",
        _base,
    ),
    rule(
        "english.year_before",
        r"\b(?:compared\ (?:to|with)|over|from|on|than)\ (?:the\ )?(?:previous\ year|last\ year|year\ before|year\ earlier)\b",
        lambda _: RelativeBase(),
    ),
    rule(
        "english.districts",
        r"\b(?:districts?(?:-level|\ group|\ level)|(?:list|group)\ of\ districts|(?:the\ )?(?P<n>\d{1,2})\ districts)\b",
        lambda m: Group("district", "các huyện", int(m["n"]) if m["n"] else None),
    ),
    rule(
        "english.departments",
        r"\b(?:departments?(?:-level|\ group|\ level)|(?:among|of)\ (?:the\ )?(?:(?P<n>\d{1,2})\ )?departments)\b",
        lambda m: Group("department", "các sở", int(m["n"]) if m["n"] else None),
    ),
    rule("english.average", r"\b(?P<word>averaged?|mean|median)\b(?:\ (?:score|points?|value))?", _statistic),
    rule(
        "english.ministries",
        r"\b(?P<n>\d{1,2})\ ministries(?:\ and\ (?:\w+[ -]){0,3}(?:agencies|branches|sectors))?",
        lambda m: Group("ministry", "các bộ", int(m["n"])),
    ),
    rule("english.provinces", r"\b(?:\d{2}\ )?(?:provinces\ and\ (?:\w+\ )?cities|localities)\b", lambda _: Group("province", "63 tỉnh")),
    rule(
        "english.province",
        r"\b(?:the|this)\ (?:northern\ |southern\ |central\ )?(?:province|city|locality)\b",
        lambda _: Pronoun("province"),
    ),
)
