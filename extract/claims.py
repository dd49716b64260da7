"""Claims of an article: the cheap scan, then lexer and resolver over its sentences."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from extract.article import Article
from extract.discourse import Discourse, YearRead, as_subject, era, in_year
from extract.draft import Draft
from extract.home import read_home, speaking_province
from extract.lexer import lex, strong_codes
from extract.lists import compared_names, name_list
from extract.marked import Marked, mark
from extract.mentions import LOCAL, Delta, Group, IndexName, Mention, Rank, Score, Statistic, SubjectName, Tier
from extract.once import once
from extract.plausible import is_figure
from extract.resolver import resolve
from extract.rules.names import find_indices
from extract.rules.tier import GROUP_OF_INDEX
from extract.scales import read_score
from extract.sentence import Span, lines, sentences
from extract.tables import read_tables
from extract.text import View, read_text
from normalize.claim import Claim, Qualifier
from normalize.indices import indices, place_of_last
from normalize.lexicon import tokenize
from normalize.units import Unit, province_of_district
from normalize.url_date import url_day

# Most news names no index at all: whether any of these stretches occurs costs next to nothing, and decides whether the
# names themselves are looked for.
_HINTS = (
    "par ind", "par-ind", "parind", "par ", "sipas", "pci", "cpi", "papi", "dti", "ict", "pii", "pgi", "ddci", "pepi", "dgi", "index",
    "chỉ số", "năng lực cạnh tranh", "cải cách hành chính", "cchc", "chuyển đổi số", "hài lòng", "hiệu quả quản trị",
    "đổi mới sáng tạo", "ứng dụng cntt", "ứng dụng công nghệ thông tin",
)  # fmt: skip
_FIGURE = re.compile(
    r"\d|đầu|nhất|nhì|cuối|chót|đội sổ|quân|thứ|nhóm|hạng|loại|bậc|tốp|top|mục tiêu|phấn đấu|"
    r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|lowest|highest|bottom|head|leads?|led|tops?|topped)\b",
    re.IGNORECASE,
)
# Headlines of other articles begin here; everything behind belongs to other years.
_FURNITURE = re.compile(
    r"^\W*(?:tin mới nhất|tin khác|các tin khác|tin liên quan|bài viết liên quan|tin cùng chuyên mục|tin cũ hơn|đọc thêm|xem thêm|"
    r"có thể bạn quan tâm|tin đã đưa|các bài khác|bài liên quan|tin tiếp theo|thống kê truy cập|bình luận)\W*$",
    re.IGNORECASE,
)
_HEADLINE = re.compile(r"^\W*(?:tin khác|xem thêm|đọc thêm|tin liên quan)\s*:", re.IGNORECASE)
# The rows of a table are `read_tables`'s: a sentence's rules would take a cell's number for its neighbour's.
_TABLE_ROW = re.compile(r"(?:[^|]{0,200}\|){2}")
_LONG_PARAGRAPH = 160
#: So many names in one list: the article is about none of them.
_LONG_LIST = 5
#: How a title goes on behind the district that it is about.
_TELLS_OF = re.compile(r"\s*[:–-]|,? (?:nâng cao|nỗ lực|cải thiện|đẩy mạnh|phấn đấu|quyết tâm|tập trung|chú trọng|tiếp tục)\b")
#: No province has more; what an article names beyond them is looked for with its kind alone.
_MOST_COMMUNES = 400
_LATE = 10
#: The provinces of today came behind this month of their year.
_MERGED_IN = 6
# A paragraph that spells out the one before: its figures are targets where those were.
_GOES_ON = re.compile(r"\W*(?:trong đó|cụ thể|đồng thời|bên cạnh đó|ngoài ra|[-+•])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A figure beside an index that could not be given a subject, a scale or a year: data, not silence."""

    article: str
    figure: str
    sentence: str
    start: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """One sentence as it was read: its mentions, its claims, and why each other figure is none.

    `start` is the sentence's first code point in the clean text, `spans` are the mentions' places in the text as given.
    """

    text: str
    start: int
    mentions: tuple[Mention, ...]
    spans: tuple[tuple[int, int], ...]
    claims: tuple[Claim, ...]
    dropped: Mapping[Mention, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an article says: its claims, the figures that no rule could complete, and the sentences as they were read."""

    claims: tuple[Claim, ...]
    unresolved: tuple[Unresolved, ...]
    sentences: tuple[ReadSentence, ...]


def read_claims(article: Article) -> Reading:
    """Return the claims of an article, each once, in the order of the text."""
    view = read_text(article.text)
    if not _hints_at_index(view.clean) or not _names_index(view.clean):
        return Reading((), (), ())
    home = read_home(article.home or speaking_province(view.clean))
    state = Discourse(home=home, published=article.published or url_day(article.url or ""))
    sentences_read = tuple(_read_sentences(article, view, state))
    tables = tuple(read_tables(article, view))
    told = [claim for sentence in sentences_read for claim in sentence.claims]
    named = {(c.subject, c.value_start) for c in tables}
    for sentence in sentences_read:
        names = {m.payload.name for m in sentence.mentions if isinstance(m.payload, SubjectName)}
        named |= {(c.subject, c.value_start) for c in sentence.claims if c.subject in names}
    claims = once(_dated([*told, *tables], article, state), article.text, named)
    return Reading(claims, tuple(_unresolved(article, sentences_read)), sentences_read)


def _hints_at_index(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)


def _names_index(text: str) -> bool:
    """Tell whether a text names any index at all; its sentences are read only then."""
    return any(next(find_indices(line.text, tokenize(line.text)), None) is not None for line in lines(text))


def _is_of_that_year(claim: Claim, article: Article, state: Discourse) -> bool:
    """Tell whether the first year that is named without an index is a claim's before it: of the headline, or in one paragraph."""
    headline = article.text.lstrip().find("\n") + len(article.text) - len(article.text.lstrip())
    before = claim.end <= state.first_year_at
    return before and (claim.start < headline or "\n" not in article.text[claim.end : state.first_year_at])


def _dated(claims: Sequence[Claim], article: Article, state: Discourse) -> Iterator[Claim]:
    """Give the year to what stood before it was named: the headline, the lead; a year said elsewhere wins."""
    same = ("index", "level", "subject", "measure", "component", "scope", "modality", "value")
    said = {tuple(getattr(c, part) for part in same) for c in claims if c.year is not None}
    for claim in claims:
        if claim.year is not None:
            yield claim
        elif tuple(getattr(claim, part) for part in same) not in said:
            year = state.first_years.get(claim.index)
            if year is None and state.first_year is not None and state.codes == {claim.index} and _is_of_that_year(claim, article, state):
                year = state.first_year.year
            yield (
                claim
                if year is None or claim.modality == "target"
                else replace(claim, year=year, year_reason="named with the index further on")
            )


def _read_sentences(article: Article, view: View, state: Discourse) -> Iterator[ReadSentence]:
    home = state.home
    body = list(_body(view.clean))
    read = [(span, lex(span.text, home.province, bare_districts=False)) for _, span in body]
    codes = frozenset(strong_codes(m for _, mentions in read for m in mentions))
    weak = any(isinstance(m.payload, IndexName) for _, mentions in read for m in mentions)
    if not codes and not weak:
        return
    state.codes = codes
    state.main_province, in_title = _main_province(read, state)
    state.of_one = in_title or home.province is not None
    province = state.province()
    local = _speaks_of_districts(read, codes)
    state.main_body = _main_body(view.clean, province, {"district", "commune"} if local else {"commune"})
    paragraph = -1
    communes: dict[str, SubjectName] = {}
    for (number, span), (_, first_reading) in zip(body, read, strict=True):
        districts = local or any(
            isinstance(m.payload, Group) and m.payload.subject_type in {"district", "department"} for m in first_reading
        )
        mentions = lex(span.text, province, bare_districts=True, named=communes) if districts else first_reading
        if len(communes) < _MOST_COMMUNES:
            communes |= {
                m.payload.name: m.payload for m in mentions if isinstance(m.payload, SubjectName) and m.payload.subject_type == "commune"
            }
        if number != paragraph:
            paragraph = number
            state.new_paragraph(goes_on=bool(_GOES_ON.match(span.text)))
        if state.first_year is None:
            state.first_year_at = view.raw_span(span.start, span.start)[0]
        resolved = resolve(span.text, mentions, state)
        yield ReadSentence(
            text=span.text,
            start=span.start,
            mentions=tuple(mentions),
            spans=tuple(view.raw_span(span.start + m.start, span.start + m.end) for m in mentions),
            claims=tuple(c for draft in resolved.drafts if (c := _claim(article, view, span, draft, state)) is not None),
            dropped=resolved.dropped,
        )


def _unresolved(article: Article, read: Iterable[ReadSentence]) -> Iterator[Unresolved]:
    """Yield the figures beside an index that became no claim, each with the reason."""
    for sentence in read:
        if not strong_codes(sentence.mentions):
            continue
        claimed = {(claim.value_start, claim.value_end) for claim in sentence.claims}
        for mention, span in zip(sentence.mentions, sentence.spans, strict=True):
            if span not in claimed and is_figure(mention):
                why = sentence.dropped.get(mention, "no rule reaches it")
                yield Unresolved(article.id, article.text[span[0] : span[1]], sentence.text.strip(), span[0], why)


def _body(text: str) -> Iterator[tuple[int, Span]]:
    """Yield the sentences of the article itself with their paragraph's number, without the headlines of others."""
    seen_paragraph = False
    for number, line in enumerate(lines(text)):
        if seen_paragraph and _FURNITURE.match(line.text):
            return
        if _HEADLINE.match(line.text) or _TABLE_ROW.match(line.text):
            continue
        seen_paragraph = seen_paragraph or len(line.text) > _LONG_PARAGRAPH
        if _FIGURE.search(line.text) or _hints_at_index(line.text):
            yield from ((number, sentence) for sentence in sentences(line))


def _main_province(read: list[tuple[Span, list[Mention]]], state: Discourse) -> tuple[SubjectName | None, bool]:
    """Return the province that the article is about, its title's, its portal's, or the first it names, and if the title names it."""
    named = [
        (n, m.payload)
        for n, (span, mentions) in enumerate(read)
        for beside in [_not_its_topic(mark(span.text, mentions))]
        for i, m in enumerate(mentions)
        if isinstance(m.payload, SubjectName)
        and m.payload.subject_type == "province"
        and span.text.count("(", 0, m.start) == span.text.count(")", 0, m.start)
        and i not in beside
    ]
    provinces = list(dict.fromkeys(payload for _, payload in named))
    in_title = list(dict.fromkeys(payload for n, payload in named if n == 0))
    if len(in_title) == 1:
        return in_title[0], True
    home = state.home.province
    mine = [p for p in provinces if home is not None and home.unit_id in p.unit_ids]
    if not mine and (not provinces or _tells_of_its_own(read, named[0][0])):
        return state.home_subject("province"), False
    return (mine or provinces)[0], False


def _main_body(text: str, province: Unit | None, kinds: Container[str]) -> SubjectName | None:
    """Return the district or commune that a title opens with, and tells of: "Tuyên Hóa: Nỗ lực cải thiện chỉ số"."""
    title = text.lstrip().split("\n", 1)[0]
    named = [m for m in lex(title, province, bare_districts=True) if isinstance(m.payload, SubjectName)]
    if len(named) != 1 or title[: named[0].start].strip() or not _TELLS_OF.match(title, named[0].end):
        return None
    one = named[0].payload
    return one if isinstance(one, SubjectName) and one.subject_type in kinds else None


def _tells_of_its_own(read: Sequence[tuple[Span, list[Mention]]], first_named: int) -> bool:
    """Tell whether an index is told of before any province is named: "SIPAS năm 2019 của tỉnh đạt 85,36%", and then who leads.

    The index may stand in a heading, and its figures below.
    """
    headed = False
    for _, mentions in read[:first_named]:
        headed = headed or any(isinstance(m.payload, IndexName) for m in mentions)
        told = any(isinstance(m.payload, Rank | Score | Delta) for m in mentions)
        if headed and told and not any(isinstance(m.payload, SubjectName | Statistic) for m in mentions):
            return True
    return False


def _not_its_topic(s: Marked) -> frozenset[int]:
    """Return the names of a sentence that an article is hardly about: compared with, or one of a long list of others."""
    names = [i for i in range(len(s.mentions)) if s.subject(i) is not None]
    lists = [found for i in names if len(found := name_list(s, i)) >= _LONG_LIST]
    return compared_names(s) | {n for found in lists for n in found}


def _speaks_of_districts(read: Sequence[tuple[Span, list[Mention]]], codes: frozenset[str]) -> bool:
    kinds = {m.payload.subject_type for _, mentions in read for m in mentions if isinstance(m.payload, SubjectName)}
    announced = any(
        isinstance(m.payload, Group) and m.payload.subject_type in {"district", "department", "commune"}
        for _, mentions in read
        if any(isinstance(m.payload, IndexName) for m in mentions)
        for m in mentions
    )
    return "DDCI" in codes or announced or bool(kinds & {"district", "department"})


def _claim(article: Article, view: View, span: Span, draft: Draft, state: Discourse) -> Claim | None:
    """Return the claim that a draft makes, None for the last but one of nobody knows how many."""
    provincial = _is_provincial(draft)
    read = draft.year
    # What the sentence itself says stands; a year taken over from elsewhere must be one that can be out by then.
    taken_over = read.year is not None and "earlier" in read.reason and not provincial and not draft.target
    if taken_over and read.year is not None and not state.can_report(draft.index, read.year):
        read = state.released_year(draft.index)
    ahead = not provincial and read.year is not None and state.published is not None and read.year > state.published.year
    target = draft.target or ahead  # nobody reports a year that has not begun
    if not provincial and not target and read.year is not None and not _can_be_out(state, draft.index, read.year):
        read = YearRead(read.year - 1, f"results of {read.year} cannot be out by {state.published}")
    year = read.year
    subject, unit_id = in_year(draft.subject, _spoken_in(state, year) if target else era(draft.index, year))
    province = state.province() or _province_of_district(draft.subject)
    authority = in_year(as_subject(province), year)[0] if provincial and province is not None else None
    value, qualifier, of = _value(draft, year, state.counts)
    if qualifier == "last" and isinstance(draft.value, Rank) and draft.value.from_end != 1:
        return None
    start, end = view.raw_span(span.start + draft.anchor, span.start + draft.evidence_end)
    number_end = draft.evidence_end if draft.number.rule == GROUP_OF_INDEX else draft.number.end
    value_start, value_end = view.raw_span(span.start + draft.number.start, span.start + number_end)
    estimate = qualifier == "about"
    high = _high(draft, provincial=provincial)
    if isinstance(draft.value, Score) and qualifier == "range" and not (target and high is not None):
        return None  # a plan aims at a range; what several have reached, or one in some years, is nobody's score
    return Claim(
        article=article.id,
        index=draft.index,
        level="provincial" if provincial else "national",
        authority=authority,
        subject=subject,
        subject_type=draft.subject.subject_type,
        subject_id=unit_id,
        year=year,
        measure=draft.measure,  # type: ignore[arg-type]  # from a closed table
        value=value,
        value_high=high,
        qualifier=qualifier,
        unit=_unit(draft),
        of=of,
        base_year=draft.base_year,
        component=draft.component,
        scope=draft.scope,
        modality="target" if target else "estimate" if estimate else "reported",
        evidence=article.text[start:end],
        start=start,
        end=end,
        value_start=value_start,
        value_end=value_end,
        year_reason=read.reason,
        rule=draft.number.rule,
    )


def _spoken_in(state: Discourse, year: int | None) -> int | None:
    """Return the year whose provinces a plan can name: who speaks of 2025 in 2023 means those of then."""
    if year is None or state.published is None:
        return year
    return min(year, state.published.year if state.published.month > _MERGED_IN else state.published.year - 1)


def _province_of_district(subject: SubjectName) -> Unit | None:
    """Return the province of a district that only one has, where the article is of no province: "thị xã Quảng Yên (Quảng Ninh)"."""
    return province_of_district(subject.name) if subject.subject_type == "district" else None


def _can_be_out(state: Discourse, index: str, year: int) -> bool:
    """Tell whether results of a year that the sentence names can be out: late in the year a province has measured its own."""
    return state.can_report(index, year) or state.published is None or state.published.month >= _LATE


def _is_provincial(draft: Draft) -> bool:
    if indices()[draft.index].level == "provincial" or draft.subject.subject_type in LOCAL:
        return True
    return draft.group is not None and draft.group.subject_type in LOCAL


def _ranked(draft: Draft, year: int | None, counts: Mapping[str, int]) -> int | None:
    """Return how many were ranked: as the article says of its block, else as the registry knows for sure."""
    return counts.get(draft.subject.subject_type) or place_of_last(draft.index, draft.subject.subject_type, year)


def _value(draft: Draft, year: int | None, counts: Mapping[str, int]) -> tuple[Decimal | str | None, Qualifier, int | None]:
    match draft.value:
        case Rank() as rank:
            of = rank.of
            place = draft.place if draft.place is not None else rank.place
            if place is None:
                of = of or (_ranked(draft, year, counts) if draft.scope is None else None)
                if of is None or rank.from_end is None:
                    return None, "last", None
                return Decimal(of - rank.from_end + 1), "exact", of
            return Decimal(place), "exact", of
        case Delta() as delta:
            bound: Qualifier = "about" if delta.about else "at_least" if delta.at_least else "exact"
            return delta.amount, "range" if delta.high is not None else bound, None
        case Score() as score:
            return draft.amount, score.qualifier if score.high is None else "range", None
        case Tier() as tier:
            return tier.value, "exact", None
    raise AssertionError(draft.value)


def _high(draft: Draft, *, provincial: bool) -> Decimal | None:
    """Return the upper end of a range, on the scale of its lower end."""
    match draft.value:
        case Delta(high=high):
            return high
        case Score(high=str(text)) as score:
            return read_score(replace(score, text=text), draft.index, draft.component, provincial=provincial)
    return None


def _unit(draft: Draft) -> str | None:
    match draft.value:
        case Score(unit=unit) | Delta(unit=unit):
            return None if unit == "bậc" else unit
    return None
