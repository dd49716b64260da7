"""Broken equations, found in SQL over the board: which keys each of them ties together.

The relations `board` and `field` have the columns of the table ledger; `field` is the part of the board to look at.
The same equations are laid over single keys by normalize/board.py, for the repair; a test holds the two against each
other on made-up news.
"""

from collections.abc import Iterable, Iterator

import duckdb

from normalize.equations import AGGREGATES, MILLION, PROVINCES, WINDOW, Equation, by_form
from normalize.indices import scored_count

_SLACK = f"(case when {{0}}.digit < {MILLION} then {{0}}.digit else 0 end)"
#: The same subject of the same list; a field is another line.
_WHO = (
    "({0}.index = {1}.index and {0}.level = {1}.level and {0}.subject = {1}.subject and {0}.authority is not distinct from {1}.authority)"
)
_LINE = _WHO + " and {0}.scope is not distinct from {1}.scope and {0}.component is not distinct from {1}.component"
_LIST = (
    "{0}.index = {1}.index and {0}.level = {1}.level and {0}.year = {1}.year and {0}.authority is not distinct from {1}.authority"
    " and {0}.scope is not distinct from {1}.scope and {0}.component is not distinct from {1}.component"
)


def breaches(connection: duckdb.DuckDBPyConnection) -> list[list[str]]:
    """Return for each broken equation over the relation `field` the ids of the facts that it binds."""
    return [list(row[0]) for query in _queries(connection) for row in connection.execute(query).fetchall()]


def _queries(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    forms = by_form()
    yield from map(_sum, forms["sum"])
    yield from map(_parts, forms["parts"])
    connection.execute(_PLACED)
    yield from map(_order, forms["order"])
    yield from map(_unique, forms["unique"])
    yield from map(_at_most, forms["at_most"])
    yield from map(_tier, forms["tier"])
    yield from _statistics(connection, (*forms.get("mean", ()), *forms.get("median", ())))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _among(values: Iterable[str]) -> str:
    return f"({', '.join(map(_text, values))})"


def _concerns(equation: Equation, row: str) -> str:
    """Return the condition that an equation is declared for a row's index and year."""
    years = equation.years
    clauses = [f"{row}.year between {years[0]} and {years[-1]}" if isinstance(years, range) else f"{row}.year in {(*years, years[0])}"]
    if equation.index is not None:
        clauses.append(f"{row}.index = {_text(equation.index)} and {row}.level = 'national'")
    return " and ".join((*clauses, _permits(equation, row)))


def _permits(equation: Equation, row: str) -> str:
    return f"{row}.index not in {_among(sorted(equation.exempt))}" if equation.exempt else "true"


def _sum(equation: Equation) -> str:
    """Return the query for a sum over years or counts, found at its anchor."""
    joins, off, slack, ids = [], [], [], []
    for n, (measure, from_base, times) in enumerate(equation.terms):
        row = "a" if measure == equation.anchor else f"t{n}"
        if row != "a":
            line, year = _LINE.format(row, "a"), "base_year" if from_base else "year"
            joins.append(
                f"join field {row} on {line} and {row}.measure = {_text(measure)} and {row}.year = a.{year} and {row}.base_year is null"
            )
        off.append(f"{times} * {row}.amount")
        slack.append(f"{abs(times)} * {_SLACK.format(row)}")
        ids.append(f"{row}.fact_id")
    return (
        f"select [{', '.join(ids)}] from field a {' '.join(joins)} where a.measure = {_text(equation.anchor)} and {_concerns(equation, 'a')} "
        f"and 2 * abs({' + '.join(off)}) > {' + '.join(slack)}"
    )


def _parts(equation: Equation) -> str:
    """Return the query for a total over the components of one subject and year."""
    parts = ", ".join(f"({_text(name)}, {times})" for name, times in equation.parts)
    return (
        f"with parts(name, times) as (values {parts}) select list(p.fact_id) || [t.fact_id] from field t join field p on {_WHO.format('p', 't')} "
        "and p.year = t.year and p.scope is null and p.measure = 'score' join parts on parts.name = p.component "
        f"where t.measure = 'score' and t.component is null and t.scope is null and {_concerns(equation, 't')} "
        f"group by t.fact_id, t.amount, t.digit having count(*) = {len(equation.parts)} "
        f"and 2 * abs(sum(times * p.amount) - {equation.total} * t.amount) > sum(times * {_SLACK.format('p')}) + {equation.total} * {_SLACK.format('t')}"
    )


#: The ranks of the field by their places in the whole lists, each with its subject's score where that is known.
_PLACED = f"""
create or replace temp table placed as
with lists as (select distinct index, level, authority, year, component, scope from field where measure = 'rank'),
places as (select b.*, row_number() over (partition by index, level, authority, year, component, scope, subject_type
                                          order by amount, subject) as place
           from board b semi join lists l on {_LIST.format("b", "l")} where measure = 'rank' and label is null)
select r.*, s.fact_id as score_id, s.amount as score, s.digit as score_digit
from places r semi join field using (fact_id) left join field s on {_LINE.format("s", "r")} and s.year = r.year and s.measure = 'score'
"""
_PAIRS = (
    f"placed a cross join range(1, {WINDOW} + 1) w(step) join placed b on {_LIST.format('b', 'a')} "
    "and b.subject_type = a.subject_type and b.place = a.place + w.step"
)


def _order(equation: Equation) -> str:
    slack = "case when a.score_digit <> b.score_digit then greatest(a.score_digit, b.score_digit) else 0 end"
    return (
        f"select [a.score_id, a.fact_id, b.score_id, b.fact_id] from {_PAIRS} where {_permits(equation, 'a')} "
        f"and a.amount < b.amount and a.score < b.score and b.score - a.score >= {slack}"
    )


def _unique(equation: Equation) -> str:
    return f"select [a.fact_id, b.fact_id] from {_PAIRS} where {_permits(equation, 'a')} and a.amount = b.amount"


def _of_provinces(row: str) -> str:
    """Return the condition that an aggregate is over the provinces."""
    return "(" + " or ".join(f"contains(lower({row}.subject), {_text(word)})" for word in PROVINCES) + ")"


def _scores(row: str) -> str:
    return (
        f"{row}.measure = 'score' and {row}.subject_type = 'province' and {row}.level = 'national' "
        f"and {row}.scope is null and {row}.component is null"
    )


def _at_most(equation: Equation) -> str:
    low, high = (("s" if measure == "score" else "g") for measure, *_ in equation.terms)
    aggregate = next(measure for measure, *_ in equation.terms if measure != "score")
    return (
        f"select [s.fact_id, g.fact_id] from field g join field s on {_LIST.format('s', 'g')} and {_scores('s')} "
        f"where g.measure = {_text(aggregate)} and {_of_provinces('g')} and {low}.amount > {high}.amount "
        f"and ({low}.digit = {high}.digit or {low}.amount >= {high}.amount + greatest({low}.digit, {high}.digit))"
    )


def _tier(equation: Equation) -> str:
    tiers = ", ".join(f"({_text(name)}, {low}, {high})" for name, low, high in equation.tiers)
    return (
        f"with tiers(name, low, high) as (values {tiers}) select [t.fact_id, s.fact_id] from field t join tiers on tiers.name = t.label "
        f"join field s on {_LINE.format('s', 't')} and s.year = t.year and s.measure = 'score' where t.measure = 'tier' "
        f"and t.component is null and t.scope is null and {_concerns(equation, 't')} "
        f"and (low * {MILLION} > s.amount + s.digit // 2 or s.amount >= high * {MILLION} + s.digit)"
    )


def _statistics(connection: duckdb.DuckDBPyConnection, equations: Iterable[Equation]) -> Iterator[str]:
    """Yield the queries for the mean and the median over all provinces, of the years in which every score is known."""
    measures = _among(sorted(AGGREGATES))
    told = connection.execute(f"select distinct index, year from field where measure in {measures} order by all").fetchall()
    known = [(index, year, scored) for index, year in told if (scored := scored_count(index, "province", year)) is not None]
    if not known:
        return
    counts = ", ".join(f"({_text(index)}, {year}, {scored})" for index, year, scored in known)
    for equation in equations:
        slack = f"sum({_SLACK.format('s')}) + count(*) * {_SLACK.format('g')}"
        off = {
            "mean": f"2 * abs(sum(s.amount) - count(*) * g.amount) > {slack}",
            "median": "abs(g.amount - median(s.amount)) > greatest(g.digit, arg_min(s.digit, s.subject))",
        }[equation.form]
        yield (
            f"with counts(index, year, scored) as (values {counts}) select list(s.fact_id) || [g.fact_id] from field g "
            f"join counts on counts.index = g.index and counts.year = g.year join field s on {_LIST.format('s', 'g')} and {_scores('s')} "
            f"where g.measure = {_text(equation.terms[0][0])} and {_of_provinces('g')} and {_concerns(equation, 'g')} "
            f"group by g.fact_id, g.amount, g.digit, scored having count(*) = scored and {off}"
        )
