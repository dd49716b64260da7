-- The warehouse. Every table and column carries a comment: `select * from duckdb_columns()` is the data dictionary.
-- Loaded by warehouse/store.py; the published file is only ever replaced, never written in place.

create table if not exists sources (
  source varchar primary key, portal varchar unique, title varchar not null, kind varchar not null check (kind in ('publisher', 'wire', 'portal', 'paper', 'aggregator', 'official')), place varchar, home varchar not null, family varchar not null, caveats varchar not null
);
comment on table sources is 'Who publishes: one row a declared portal.';
comment on column sources.source is 'Host name; the name of the source in claims.';
comment on column sources.portal is 'Name of the portal''s file in spiders/portals.';
comment on column sources.title is 'The publisher''s own name.';
comment on column sources.kind is 'publisher (of an index), wire, portal, paper, aggregator or official table: how far it is believed.';
comment on column sources.place is 'Unit whose portal it is, smallest first; null for national media.';
comment on column sources.home is 'Home page.';
comment on column sources.family is 'Family of markup (CMS).';
comment on column sources.caveats is 'What a reader of this source must know.';

create table if not exists indices (
  index varchar primary key, name_vi varchar not null, name_en varchar not null, publisher varchar not null, level varchar not null check (level in ('national', 'provincial')), unit varchar not null, scale_min decimal(18, 6) not null, scale_max decimal(18, 6) not null, first_year integer not null, last_year integer not null
);
comment on table indices is 'The registry of indices.';
comment on column indices.index is 'Code: PAR_INDEX, SIPAS, PCI, ...; codes of minor indices begin with other:.';
comment on column indices.name_vi is 'Official Vietnamese name.';
comment on column indices.name_en is 'English name.';
comment on column indices.publisher is 'Who publishes it.';
comment on column indices.level is 'national: a national body scores provinces or ministries; provincial: a province scores its own bodies.';
comment on column indices.unit is 'Unit of official decisions: %, điểm, or empty for a plain number.';
comment on column indices.scale_min is 'Lowest possible score.';
comment on column indices.scale_max is 'Highest possible score.';
comment on column indices.first_year is 'First measured year.';
comment on column indices.last_year is 'Last measured year known to the registry.';

create table if not exists units (
  unit_id varchar primary key, level varchar not null, kind varchar not null, name varchar not null, gso_code varchar not null, province varchar, valid_from date, valid_to date
);
comment on table units is 'The gazetteer: provinces of the eras of 64, 63 and 34, ministries, districts until 2025-06-30.';
comment on column units.unit_id is 'Stable id of the unit in one period (P33-63 and P33-34 are Hưng Yên before and after the merger).';
comment on column units.level is 'province, ministry or district.';
comment on column units.kind is 'Kind in Vietnamese: tỉnh, thành phố trực thuộc trung ương, huyện, ...';
comment on column units.name is 'Canonical Vietnamese name without the unit word.';
comment on column units.gso_code is 'Code of the General Statistics Office; not a key, because mergers reuse it.';
comment on column units.province is 'GSO code of a district''s province.';
comment on column units.valid_from is 'First day of the period; null if unknown.';
comment on column units.valid_to is 'Last day of the period; null while it lasts.';

create table if not exists pages (
  page_id varchar not null, portal varchar not null, url varchar not null, kind varchar not null, fetched_at timestamptz not null, status integer not null, content_type varchar not null, sha256 varchar not null, length bigint not null, file varchar not null, "offset" bigint not null, crawl varchar, answered_by varchar, location varchar, article_id varchar, primary key (portal, file, "offset")
);
alter table pages add column if not exists crawl varchar;
alter table pages add column if not exists answered_by varchar;
alter table pages add column if not exists location varchar;
alter table pages add column if not exists article_id varchar;
comment on table pages is 'Every archived response: where its untouched bytes are.';
comment on column pages.page_id is 'Hash of URL, status and bytes: the same bytes fetched twice are one page.';
comment on column pages.portal is 'Portal that was crawled.';
comment on column pages.url is 'URL that was asked for first, whatever it redirects to.';
comment on column pages.kind is 'listing, feed, sitemap, article, attachment, robots or other.';
comment on column pages.fetched_at is 'When it was fetched.';
comment on column pages.status is 'HTTP status.';
comment on column pages.content_type is 'Content-Type as sent.';
comment on column pages.sha256 is 'SHA-256 of the body as received.';
comment on column pages.length is 'Bytes of the body as received.';
comment on column pages.file is 'WARC file under archive/<portal>/.';
comment on column pages."offset" is 'Place of the record in that file, in bytes.';
comment on column pages.crawl is 'The crawl that fetched it: a night or a backfill.';
comment on column pages.answered_by is 'URL that answered after redirects; null where it is the one asked for.';
comment on column pages.location is 'Where a redirect leads.';
comment on column pages.article_id is 'The article that was read from it; pages of the same text share it.';

create table if not exists articles (
  article_id varchar primary key, url varchar not null, source varchar not null references sources (source), page_id varchar not null, title varchar, published date, published_reason varchar, author varchar, home varchar, text varchar not null, cluster varchar not null, current boolean not null, gone boolean not null, published_at timestamptz, reader varchar, credit varchar, copies varchar
);
alter table articles add column if not exists published_at timestamptz;
alter table articles add column if not exists reader varchar;
alter table articles add column if not exists credit varchar;
alter table articles add column if not exists copies varchar;
comment on table articles is 'What was read from the pages; a changed article is a new row, the old one stays with current = false.';
comment on column articles.article_id is 'Hash of URL and text.';
comment on column articles.url is 'Where it was found.';
comment on column articles.source is 'Host name.';
comment on column articles.page_id is 'The archived page it was read from.';
comment on column articles.title is 'Headline.';
comment on column articles.published is 'Publication day; null when no signal gave it.';
comment on column articles.published_reason is 'The signal that gave the day.';
comment on column articles.author is 'Author or credit line.';
comment on column articles.home is 'Unit whose portal published it, smallest first.';
comment on column articles.text is 'The text that evidence offsets count in, in code points.';
comment on column articles.cluster is 'Articles that copy each other share it.';
comment on column articles.current is 'False once a newer version of the same URL was read.';
comment on column articles.gone is 'True once the URL answered 404, 410 or a page that says as much; its claims are kept.';
comment on column articles.published_at is 'Moment of publication, where the signal has one.';
comment on column articles.reader is 'Layout that the page fitted; generic where it fitted none of its portal.';
comment on column articles.credit is 'Source that the article itself names (TTXVN, Báo Hưng Yên).';
comment on column articles.copies is 'copied or translated where the portal prints the texts of others.';

create table if not exists sketches (
  article_id varchar primary key references articles (article_id), figures blob not null, whole blob not null
);
comment on table sketches is 'What copies are found by: made once, when an article is read.';
comment on column sketches.article_id is 'The article.';
comment on column sketches.figures is 'MinHash of the sentences that hold figures: 128 unsigned 32-bit integers; empty where there are none.';
comment on column sketches.whole is 'MinHash of the whole text.';

create table if not exists claims (
  claim_id varchar primary key, article varchar not null references articles (article_id), source varchar not null, url varchar not null, published date, index varchar not null references indices (index), level varchar not null, authority varchar, subject varchar not null, subject_type varchar not null, subject_id varchar, year integer check (year between 1990 and 2100), measure varchar not null, value double, value_text varchar, value_high double, decimals integer, qualifier varchar not null, unit varchar, "of" integer, base_year integer, component varchar, scope varchar, modality varchar not null check (modality in ('reported', 'target', 'estimate')), evidence varchar not null, start integer not null, "end" integer not null check ("end" > start), value_start integer not null, value_end integer not null, year_reason varchar not null, rule varchar not null, superseded boolean not null
);
comment on table claims is 'One number that one article states, with its verbatim evidence. Superseded claims stay.';
comment on column claims.claim_id is 'Stable id.';
comment on column claims.article is 'Article that states it.';
comment on column claims.source is 'Host name.';
comment on column claims.url is 'URL of the article.';
comment on column claims.published is 'Publication day of the article.';
comment on column claims.index is 'Index code.';
comment on column claims.level is 'national or provincial.';
comment on column claims.authority is 'Province that scores, for provincial claims.';
comment on column claims.subject is 'Canonical name of who is measured.';
comment on column claims.subject_type is 'province, ministry, department, district, commune, region or aggregate.';
comment on column claims.subject_id is 'Unit in the measured year; null if unknown.';
comment on column claims.year is 'Year measured, never the year of the article; null when the article does not tell.';
comment on column claims.measure is 'score, rank, score_delta, rank_delta, score_min, score_max, score_median, score_mean or tier.';
comment on column claims.value is 'The number; null for tiers and open last places.';
comment on column claims.value_text is 'The value as text: tiers, and numbers with the decimals that were printed.';
comment on column claims.value_high is 'Upper end of a range.';
comment on column claims.decimals is 'Decimals that were printed.';
comment on column claims.qualifier is 'exact, about, at_least, at_most, range or last.';
comment on column claims.unit is 'Unit as printed: điểm, % or null.';
comment on column claims."of" is 'Number ranked, where stated.';
comment on column claims.base_year is 'Year compared with, for changes.';
comment on column claims.component is 'Field of the index; null for the whole.';
comment on column claims.scope is 'Region or group inside which a rank holds; null for the whole block.';
comment on column claims.modality is 'reported, target or estimate.';
comment on column claims.evidence is 'The verbatim stretch of the article.';
comment on column claims.start is 'First code point of the evidence in articles.text.';
comment on column claims."end" is 'Code point behind the evidence.';
comment on column claims.value_start is 'First code point of the figure.';
comment on column claims.value_end is 'Code point behind the figure.';
comment on column claims.year_reason is 'Why the year was read so.';
comment on column claims.rule is 'Rule that made the claim.';
comment on column claims.superseded is 'True when the article has a newer version.';

create table if not exists fact_history (
  fact_id varchar not null, known_from timestamptz not null, known_to timestamptz, index varchar not null references indices (index), level varchar not null, authority varchar, subject varchar not null, subject_type varchar not null, subject_id varchar, year integer, measure varchar not null, value double, value_text varchar, value_high double, decimals integer, qualifier varchar not null, unit varchar, "of" integer, base_year integer, component varchar, scope varchar, modality varchar not null, status varchar not null check (status in ('agreed', 'rounded', 'single', 'resolved', 'conflict', 'refuted')), confidence double not null check (confidence between 0 and 1), rule varchar not null, reason varchar not null, n_claims integer not null, n_independent integer not null, claims varchar[] not null, primary key (fact_id, known_from)
);
comment on table fact_history is 'Every state of every fact: what we published, from when to when.';
comment on column fact_history.fact_id is 'Stable id of the key.';
comment on column fact_history.known_from is 'When this state was published first.';
comment on column fact_history.known_to is 'When it was replaced or withdrawn; null while it stands.';
comment on column fact_history.index is 'Index code.';
comment on column fact_history.level is 'national or provincial.';
comment on column fact_history.authority is 'Province that scores, for provincial facts.';
comment on column fact_history.subject is 'Canonical name of who is measured.';
comment on column fact_history.subject_type is 'province, ministry, department, district, commune, region or aggregate.';
comment on column fact_history.subject_id is 'Unit in the measured year.';
comment on column fact_history.year is 'Year measured.';
comment on column fact_history.measure is 'What was measured; see claims.measure.';
comment on column fact_history.value is 'The reconciled number.';
comment on column fact_history.value_text is 'The value as text, with the decimals that were printed.';
comment on column fact_history.value_high is 'Upper end of a range.';
comment on column fact_history.decimals is 'Decimals of the most precise agreeing source.';
comment on column fact_history.qualifier is 'exact, about, at_least, at_most, range or last.';
comment on column fact_history.unit is 'Unit as printed.';
comment on column fact_history."of" is 'Number ranked: what is known of the ranking, before what is printed.';
comment on column fact_history.base_year is 'Year compared with, for changes.';
comment on column fact_history.component is 'Field of the index; null for the whole.';
comment on column fact_history.scope is 'Region or group; null for the whole block.';
comment on column fact_history.modality is 'reported, target or estimate.';
comment on column fact_history.status is 'agreed, rounded (same within printed digits), single, resolved, conflict or refuted.';
comment on column fact_history.confidence is '0 to 1: the share of such values that are right (fitted: docs/reconciliation.md); 0 where no value stands.';
comment on column fact_history.rule is 'Rule that chose the value.';
comment on column fact_history.reason is 'One sentence of reason.';
comment on column fact_history.n_claims is 'Claims about the key, losers included.';
comment on column fact_history.n_independent is 'Independent witnesses: copies and articles of one source count once.';
comment on column fact_history.claims is 'Ids of all claims.';

create table if not exists conflicts (
  conflict_id varchar primary key, fact_id varchar not null, index varchar not null, level varchar not null, authority varchar, subject varchar not null, year integer, measure varchar not null, component varchar, scope varchar, modality varchar not null, base_year integer, class varchar not null, why varchar not null, "values" varchar[] not null, proposed varchar, rule varchar not null, reason varchar not null, equations varchar[] not null, would_change varchar not null, claims varchar[] not null, since timestamptz not null
);
alter table conflicts add column if not exists status varchar;
alter table conflicts add column if not exists weights double[];
alter table conflicts add column if not exists is_claimed boolean;
alter table conflicts add column if not exists margin double;
alter table conflicts add column if not exists did_you_mean varchar;
alter table conflicts add column if not exists equations_json varchar;
alter table conflicts add column if not exists asks_again boolean;
alter table conflicts add column if not exists consequence integer;
alter table conflicts add column if not exists sides varchar[][];
alter table conflicts add column if not exists why_vi varchar;
alter table conflicts add column if not exists reason_vi varchar;
alter table conflicts add column if not exists would_change_vi varchar;
comment on table conflicts is 'Keys whose current claims cannot all be true.';
comment on column conflicts.conflict_id is 'Stable id: the same key always has it.';
comment on column conflicts.fact_id is 'The fact it disputes.';
comment on column conflicts.index is 'Index code.';
comment on column conflicts.level is 'national or provincial.';
comment on column conflicts.authority is 'Province that scores, for provincial conflicts.';
comment on column conflicts.subject is 'Who is measured.';
comment on column conflicts.year is 'Year measured.';
comment on column conflicts.measure is 'What is measured.';
comment on column conflicts.component is 'Field of the index.';
comment on column conflicts.scope is 'Region or group.';
comment on column conflicts.modality is 'reported, target or estimate.';
comment on column conflicts.base_year is 'Year compared with, for changes.';
comment on column conflicts.class is 'rank_as_score, year, neighbour_line, component, scope, level, place_version, unit, wrong_delta, wrong_denominator, skipped_entry, wrong_bottom, copied_error, transposition, revision, typo, order, impossible or real.';
comment on column conflicts.why is 'What speaks for the class.';
comment on column conflicts."values" is 'The values, the proposed one first.';
comment on column conflicts.proposed is 'The value proposed.';
comment on column conflicts.rule is 'Rule that proposes it.';
comment on column conflicts.reason is 'One sentence of reason.';
comment on column conflicts.equations is 'Equations that bind the value, with their figures.';
comment on column conflicts.would_change is 'What would change the proposal.';
comment on column conflicts.claims is 'Ids of the claims on all sides.';
comment on column conflicts.status is 'Status of the fact: conflict (open), resolved or refuted.';
comment on column conflicts.weights is 'The evidence for each value, in natural log units, in the order of values.';
comment on column conflicts.is_claimed is 'False where no source prints the proposed value: equations demand it.';
comment on column conflicts.margin is 'Evidence for the proposal over the next answer, in natural log units.';
comment on column conflicts.did_you_mean is 'JSON: keys whose figure the refused value is (another year, field, region).';
comment on column conflicts.equations_json is 'JSON: the equations around the value, term by term.';
comment on column conflicts.asks_again is 'True where a claim was read after the editor decided.';
comment on column conflicts.consequence is 'How much hangs on it: claims and equations that touch it, totals before fields.';
comment on column conflicts.sides is 'Ids of the claims on each side, in the order of values: a side prints one figure, with more or fewer digits.';
comment on column conflicts.why_vi is 'why, in Vietnamese.';
comment on column conflicts.reason_vi is 'reason, in Vietnamese.';
comment on column conflicts.would_change_vi is 'would_change, in Vietnamese.';
comment on column conflicts.since is 'When the conflict was first seen.';

create table if not exists comparable (
  claim_id varchar primary key, fact_id varchar not null, index varchar not null, level varchar not null, authority varchar, subject varchar not null, year integer, measure varchar not null, component varchar, scope varchar, modality varchar not null, base_year integer, printed varchar, amount bigint, high varchar, decimals integer not null, subject_type varchar not null, subject_id varchar, unit varchar, "of" integer, qualifier varchar not null, seen date, first_hand boolean not null
);
comment on table comparable is 'Claims in the form in which they are compared: canonical names, the index''s own scale.';
comment on column comparable.claim_id is 'The claim.';
comment on column comparable.fact_id is 'The fact it speaks of: claims about one key share it.';
comment on column comparable.index is 'Index code.';
comment on column comparable.level is 'national or provincial.';
comment on column comparable.authority is 'Province that scores, for provincial claims.';
comment on column comparable.subject is 'Canonical name of who is measured.';
comment on column comparable.year is 'Year measured.';
comment on column comparable.measure is 'What was measured; see claims.measure.';
comment on column comparable.component is 'Canonical name of the field of the index.';
comment on column comparable.scope is 'Region or group inside which it holds.';
comment on column comparable.modality is 'reported, target or estimate.';
comment on column comparable.base_year is 'Year compared with, for changes; the year before where none is named.';
comment on column comparable.printed is 'The value on the index''s own scale, with the decimals that were printed.';
comment on column comparable.amount is 'The number in millionths; null for a tier.';
comment on column comparable.high is 'Upper end of a range.';
comment on column comparable.decimals is 'Decimals that were printed.';
comment on column comparable.subject_type is 'See claims.subject_type.';
comment on column comparable.subject_id is 'Unit in the measured year.';
comment on column comparable.unit is 'Unit as printed.';
comment on column comparable."of" is 'Number ranked, where stated.';
comment on column comparable.qualifier is 'exact, about, at_least, at_most, range or last.';
comment on column comparable.seen is 'Day on which the article was fetched first.';
comment on column comparable.first_hand is 'True where the source belongs to the subject: a province on itself.';

create table if not exists tables (
  claim_id varchar primary key, fact_id varchar not null, index varchar not null, level varchar not null, authority varchar, subject varchar not null, year integer, measure varchar not null, component varchar, scope varchar, modality varchar not null, base_year integer, printed varchar, amount bigint, high varchar, decimals integer not null, subject_type varchar not null, subject_id varchar, unit varchar, "of" integer, qualifier varchar not null, article varchar not null, source varchar not null, kind varchar not null, url varchar, published date, seen date, cluster varchar not null, first_hand boolean not null, evidence varchar not null
);
comment on table tables is 'Rows of reference tables and the editor''s decisions: statements that are no claims of the press.';
comment on column tables.claim_id is 'Stable id of the row.';
comment on column tables.fact_id is 'The fact it speaks of.';
comment on column tables.index is 'Index code.';
comment on column tables.level is 'national or provincial.';
comment on column tables.authority is 'Province that scores.';
comment on column tables.subject is 'Canonical name of who is measured.';
comment on column tables.year is 'Year measured.';
comment on column tables.measure is 'What was measured.';
comment on column tables.component is 'Field of the index.';
comment on column tables.scope is 'Region or group.';
comment on column tables.modality is 'reported, target or estimate.';
comment on column tables.base_year is 'Year compared with.';
comment on column tables.printed is 'The value as the table has it.';
comment on column tables.amount is 'The number in millionths.';
comment on column tables.high is 'Upper end of a range.';
comment on column tables.decimals is 'Decimals of the table.';
comment on column tables.subject_type is 'See claims.subject_type.';
comment on column tables.subject_id is 'Unit in the measured year.';
comment on column tables.unit is 'Unit.';
comment on column tables."of" is 'Number ranked.';
comment on column tables.qualifier is 'exact.';
comment on column tables.article is 'Table and line.';
comment on column tables.source is 'Table and origin.';
comment on column tables.kind is 'official (the publisher''s own table), table (a published list as the press prints it) or decision.';
comment on column tables.url is 'Origin.';
comment on column tables.published is 'Day of a decision.';
comment on column tables.seen is 'Day of a decision.';
comment on column tables.cluster is 'Table and origin.';
comment on column tables.first_hand is 'False.';
comment on column tables.evidence is 'The row, or the editor''s reason.';

create or replace view statements as
  select f.claim_id, f.fact_id, f.index, f.level, f.authority, f.subject, f.year, f.measure, f.component, f.scope, f.modality, f.base_year,
         f.printed, f.amount, f.high, f.decimals, f.subject_type, f.subject_id, f.unit, f."of", f.qualifier, c.article, c.source, s.kind, c.url,
         c.published, f.seen, a.cluster, f.first_hand, c.evidence
  from comparable f join claims c using (claim_id) join articles a on a.article_id = c.article join sources s on s.source = c.source
  where not c.superseded
  union all by name select * from tables;
comment on view statements is 'Everything that is reconciled: current claims in comparable form, reference tables, decisions.';

create table if not exists reliability (
  source varchar not null, index varchar not null, kind varchar not null, "right" integer not null, checked integer not null, error double not null, voice varchar not null, primary key (source, index)
);
comment on table reliability is 'How often a source was right about an index, where that could be checked.';
comment on column reliability.source is 'Host name.';
comment on column reliability.index is 'Index code.';
comment on column reliability.kind is 'Kind of source.';
comment on column reliability."right" is 'Claims that others confirm, or that won their conflict.';
comment on column reliability.checked is 'Claims that could be checked.';
comment on column reliability.error is 'Estimated share of wrong claims; few claims are drawn towards the mean of the kind.';
comment on column reliability.voice is 'The source it is found to copy, or itself.';

create table if not exists conflict_changes (
  run_id varchar not null, conflict_id varchar not null, change varchar not null check (change in ('new', 'reopened', 'resolved', 'withdrawn')), status varchar, index varchar not null, subject varchar not null, year integer, measure varchar not null, primary key (run_id, conflict_id)
);
comment on table conflict_changes is 'What became of conflicts, night by night.';
comment on column conflict_changes.run_id is 'The run.';
comment on column conflict_changes.conflict_id is 'The conflict.';
comment on column conflict_changes.change is 'new, reopened (was decided, is open again), resolved (a rule or the editor decides it now) or withdrawn (the claims no longer contradict each other).';
comment on column conflict_changes.status is 'The status of the fact since.';
comment on column conflict_changes.index is 'Index code.';
comment on column conflict_changes.subject is 'Who is measured.';
comment on column conflict_changes.year is 'Year measured.';
comment on column conflict_changes.measure is 'What is measured.';

create table if not exists runs (
  run_id varchar primary key, started_at timestamptz not null, ended_at timestamptz not null, verdict varchar not null, pages_new integer not null, articles_new integer not null, claims_new integer not null, facts integer not null, facts_changed integer not null, conflicts integer not null, portals_failed integer not null, sample boolean not null, articles_superseded integer, articles_gone integer
);
alter table runs add column if not exists articles_superseded integer;
alter table runs add column if not exists articles_gone integer;
comment on table runs is 'One row a night.';
comment on column runs.run_id is 'Name of the run.';
comment on column runs.started_at is 'Start.';
comment on column runs.ended_at is 'End of the load.';
comment on column runs.verdict is 'complete, findings or degraded.';
comment on column runs.pages_new is 'Responses archived since the last run.';
comment on column runs.articles_new is 'Article versions read for the first time.';
comment on column runs.claims_new is 'Claims not known before.';
comment on column runs.facts is 'Facts that stand.';
comment on column runs.facts_changed is 'Facts that are new, changed or withdrawn.';
comment on column runs.conflicts is 'Conflicts that stand.';
comment on column runs.portals_failed is 'Portals whose crawl failed.';
comment on column runs.articles_superseded is 'Article versions that a newer one has replaced, since the last run.';
comment on column runs.articles_gone is 'Addresses that are gone since the last run.';
comment on column runs.sample is 'True for the sample web.';

create table if not exists crawls (
  run_id varchar not null, portal varchar not null, state varchar not null, reason varchar not null, requests integer not null, new integer not null, changed integer not null, unchanged integer not null, gone integer not null, errors integer not null, replayed integer, not_worth integer, pages_read integer, generic integer, claims integer, degraded varchar, primary key (run_id, portal)
);
alter table crawls add column if not exists replayed integer;
alter table crawls add column if not exists not_worth integer;
alter table crawls add column if not exists pages_read integer;
alter table crawls add column if not exists generic integer;
alter table crawls add column if not exists claims integer;
alter table crawls add column if not exists degraded varchar;
comment on table crawls is 'One row a portal and night.';
comment on column crawls.run_id is 'The run.';
comment on column crawls.portal is 'The portal.';
comment on column crawls.state is 'complete, incomplete, empty, blocked or broken.';
comment on column crawls.reason is 'Why it is in that state.';
comment on column crawls.requests is 'Requests sent.';
comment on column crawls.new is 'Articles seen for the first time.';
comment on column crawls.changed is 'Known articles whose bytes came anew.';
comment on column crawls.unchanged is 'Known articles that answered 304.';
comment on column crawls.gone is 'Known articles that answered 404 or 410.';
comment on column crawls.errors is 'Callbacks that raised and requests without an answer.';
comment on column crawls.replayed is 'Answers taken from the archive, because the same crawl had fetched them before it was interrupted.';
comment on column crawls.not_worth is 'Links that were not followed, because title and address name nothing of the field.';
comment on column crawls.pages_read is 'Articles and attachments read for the first time this night.';
comment on column crawls.generic is 'Those of them that fitted no layout of their portal.';
comment on column crawls.claims is 'Claims read out of them.';
comment on column crawls.degraded is 'What is wrong with what was read, though the crawl ended well; null if nothing.';

create table if not exists problems (
  article varchar not null, url varchar not null, what varchar not null, kind varchar, primary key (article, what)
);
alter table problems add column if not exists kind varchar;
comment on table problems is 'Pages that could not be read, each with its reason.';
comment on column problems.article is 'Page id.';
comment on column problems.url is 'Its URL.';
comment on column problems.what is 'What was wrong.';
comment on column problems.kind is 'unreadable, soft 404, login wall, challenge page or maintenance page.';

create table if not exists unresolved (
  article varchar not null, figure varchar not null, sentence varchar not null, start integer not null, reason varchar not null default '', primary key (article, start)
);
alter table unresolved add column if not exists reason varchar default '';
comment on table unresolved is 'Figures beside an index that no rule could complete: they are holes that somebody can see.';
comment on column unresolved.article is 'Article.';
comment on column unresolved.figure is 'The figure as printed.';
comment on column unresolved.sentence is 'Its sentence.';
comment on column unresolved.start is 'Its first code point in articles.text.';
comment on column unresolved.reason is 'Why it became no claim.';

create or replace view nights as
  select r.run_id, r.started_at, r.verdict, sum(c.requests)::bigint as requests, sum(c.new)::bigint as new, sum(c.changed)::bigint as changed,
         sum(c.unchanged)::bigint as unchanged, sum(c.gone)::bigint as gone, sum(c.not_worth)::bigint as not_worth, sum(c.replayed)::bigint as replayed,
         sum(c.pages_read)::bigint as pages_read, r.articles_new, r.articles_superseded, r.articles_gone, r.claims_new, r.facts_changed, r.conflicts,
         count(*) filter (c.state <> 'complete' or c.degraded is not null) as portals_in_trouble
  from runs r join crawls c using (run_id) group by all order by r.started_at;
comment on view nights is 'One row a night: what was asked for, skipped (unchanged, not_worth), new, superseded and gone.';

create or replace view facts as select * exclude (known_to) from fact_history where known_to is null;
comment on view facts is 'The facts that stand now.';

create or replace macro facts_asof(moment) as table
  select * exclude (known_to) from fact_history where known_from <= moment and (known_to is null or known_to > moment);

create or replace view facts_wide as
  select index, level, authority, year, subject, subject_type, subject_id, component,
         max(value) filter (measure = 'score') as score, max(value) filter (measure = 'rank') as rank, max("of") filter (measure = 'rank') as ranked,
         max(value) filter (measure = 'score_delta') as score_delta, max(value) filter (measure = 'rank_delta') as rank_delta,
         min(confidence) as confidence, max(n_independent) as n_independent
  from facts where modality = 'reported' and scope is null and subject_type <> 'aggregate'
  group by all;
comment on view facts_wide is 'One row a subject, index, year and component: score, rank and both changes side by side.';
