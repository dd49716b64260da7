"""Five questions to a release of chiso, as a notebook (docs/questions.md has the same with their results explained).

    marimo edit recipes/notebook.py -- --release release/nightly        in a browser, to change and ask further
    marimo export html recipes/notebook.py -o answers.html -- --release release/nightly

Needs marimo, duckdb, pandas and altair.
"""

import marimo

app = marimo.App(width="medium", app_title="chiso: five questions")


@app.cell
def _():
    import altair as alt
    import duckdb
    import marimo as mo

    release = mo.cli_args().get("release") or "release/nightly"
    warehouse = duckdb.connect(f"{release}/chiso.duckdb", read_only=True)
    mo.md(f"# Five questions\n\nAsked of `{release}`. The first three are answered from the official tables that ship with chiso.")
    return alt, mo, warehouse


@app.cell
def _(alt, mo, warehouse):
    merged = warehouse.sql("""
with old as (
  select u.unit_id, u.name, coalesce(u.merged_into, u.unit_id) as today, o.value as score, rank() over (order by o.value desc) as place
  from official o join units u on u.unit_id = o.subject_id
  where o.index = 'PCI' and o.year = 2019 and o.measure = 'score' and o.component is null and o.kind = 'official' and o.subject_type = 'province'
),
new as (
  select today, avg(score) as score, rank() over (order by avg(score) desc) as place, count(*) as members from old group by today
)
select case when members = 1 then 'goes on alone' when old.name = u.name then 'gives its name' else 'gives up its name' end as province,
       count(*) as provinces, round(avg(old.place / 63.0 * 100)) as place_before, round(avg(new.place / 34.0 * 100)) as place_after,
       count(*) filter (new.place / 34.0 < old.place / 63.0) as gain, count(*) filter (new.place / 34.0 > old.place / 63.0) as lose
from old join new using (today) join units u on u.unit_id = today group by all order by all
""").df()
    moved = alt.Chart(merged).transform_fold(["place_before", "place_after"], as_=["when", "place"]).mark_bar()
    mo.vstack(
        [
            mo.md("## Did merged provinces gain or lose rank?"),
            merged,
            moved.encode(
                x=alt.X("place:Q", title="mean place, of 100"),
                y=alt.Y("when:N", title=None, sort=None),
                row=alt.Row("province:N", title=None),
            ),
        ]
    )
    return (merged,)


@app.cell
def _(alt, mo, warehouse):
    spread = warehouse.sql("""
select year, count(*) as provinces, round(stddev_samp(value), 2) as spread, round(max(value) - min(value), 2) as first_to_last,
       round(quantile_cont(value, 0.5), 2) as median, max_by(subject, value) as first, min_by(subject, value) as last
from official where index = 'PCI' and measure = 'score' and component is null and kind = 'official' and subject_type = 'province' and year >= 2009
group by year order by year
""").df()
    line = alt.Chart(spread).mark_line(point=True)
    mo.vstack(
        [
            mo.md("## Do provinces come closer to each other?"),
            spread,
            line.encode(x="year:O", y=alt.Y("spread:Q", title="standard deviation of PCI"), tooltip=["year", "spread", "first", "last"]),
        ]
    )
    return (spread,)


@app.cell
def _(mo, warehouse):
    alike = warehouse.sql("""
select a.year, count(*) as provinces, round(corr(a.value, b.value), 2) as correlation
from official a join official b on b.subject = a.subject and b.year = a.year and b.index = 'PCI' and b.measure = 'score' and b.component is null and b.kind = 'official'
where a.index = 'PAPI' and a.measure = 'score' and a.component is null and a.kind = 'official'
group by a.year order by a.year
""").df()
    mo.vstack([mo.md("## Do citizens (PAPI) and firms (PCI) judge alike?"), alike])
    return (alike,)


@app.cell
def _(mo, warehouse):
    press = warehouse.sql("""
select s.kind, count(*) as claims, count(*) filter (abs(c.value - f.value) < 1e-6) as as_reconciled,
       count(*) filter (abs(c.value - f.value) between 1e-6 and 0.0501) as rounded_or_near, count(*) filter (abs(c.value - f.value) > 0.0501) as otherwise
from claims c join sources s using (source) join facts f on list_contains(f.claims, c.claim_id)
where not c.superseded and f.n_claims > 1 and c.measure in ('score', 'rank') group by all order by claims desc, kind
""").df()
    mo.vstack([mo.md("## How often is the press right?"), press])
    return (press,)


@app.cell
def _(mo, warehouse):
    told = warehouse.sql("""
select year, index, count(distinct article) as articles, min(published) as first_told, max(published) as last_told,
       round(median(date_diff('month', make_date(year, 12, 31), published))) as months_after
from claims where modality = 'reported' and level = 'national' and published is not null and year is not null
group by all having count(distinct article) > 1 order by all
""").df()
    mo.vstack([mo.md("## How long after the year is it told?"), told])
    return (told,)


if __name__ == "__main__":
    app.run()
