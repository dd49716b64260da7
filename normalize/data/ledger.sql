-- What reconciliation keeps from one night to the next, so that a night looks only at what new claims reach.
-- It can all be made anew from the statements, and is, whenever normalize/ or DuckDB has changed.

create table ledger_version (version varchar not null);
comment on table ledger_version is 'The version of rules and data that the ledger was made with.';
comment on column ledger_version.version is 'SHA-256 of the package normalize and its data, and the version of DuckDB.';

create table ledger (
  fact_id varchar not null, digest ubigint not null,
  index varchar not null, level varchar not null, authority varchar, subject varchar not null, year integer, measure varchar not null,
  component varchar, scope varchar, modality varchar not null, base_year integer, subject_type varchar not null,
  is_uniform boolean not null, n_independent integer not null, is_questioned boolean not null, is_hot boolean not null,
  on_board boolean not null, amount bigint, digit bigint, label varchar, line ubigint not null, ward ubigint not null
);
comment on table ledger is 'A row a key: what was said of it when it was reconciled last, and the figure that leads before any equation is asked.';
comment on column ledger.fact_id is 'The fact about the key.';
comment on column ledger.digest is 'Hash of all statements about it.';
comment on column ledger.index is 'Index code.';
comment on column ledger.level is 'national or provincial.';
comment on column ledger.authority is 'Province that scores, for provincial claims.';
comment on column ledger.subject is 'Canonical name of who is measured.';
comment on column ledger.year is 'Year measured.';
comment on column ledger.measure is 'What was measured.';
comment on column ledger.component is 'Field of the index.';
comment on column ledger.scope is 'Region or group inside which it holds.';
comment on column ledger.modality is 'reported, target or estimate.';
comment on column ledger.base_year is 'Year compared with, for changes.';
comment on column ledger.subject_type is 'See claims.subject_type.';
comment on column ledger.is_uniform is 'True where all statements print one figure.';
comment on column ledger.n_independent is 'How many independent sources speak of it.';
comment on column ledger.is_questioned is 'True where several values are claimed, or a value cannot be.';
comment on column ledger.is_hot is 'True where it was judged by itself: questioned, or in a broken equation.';
comment on column ledger.on_board is 'True where equations are checked with its figure.';
comment on column ledger.amount is 'The figure that leads, in millionths.';
comment on column ledger.digit is 'One unit of its last printed digit, in millionths.';
comment on column ledger.label is 'The group, instead of a number.';
comment on column ledger.line is 'Hash of index and subject.';
comment on column ledger.ward is 'Hash of index, level, year, authority and scope: of all that is ranked together, whatever the field.';

create table ledger_cases (
  fact_id varchar not null, index varchar not null, n_sides integer not null, known integer, is_text boolean not null, numbers bigint[] not null
);
comment on table ledger_cases is 'A row a disputed key, as truth discovery sees it.';
comment on column ledger_cases.fact_id is 'The fact about the key.';
comment on column ledger_cases.index is 'Index code.';
comment on column ledger_cases.n_sides is 'How many values are claimed.';
comment on column ledger_cases.known is 'The side that an official table or the editor has decided.';
comment on column ledger_cases.is_text is 'True where the values are no numbers.';
comment on column ledger_cases.numbers is 'The sides'' values in millionths; meaningless where they are texts.';

create table ledger_votes (
  fact_id varchar not null, n integer not null, source varchar not null, kind varchar not null, cluster varchar not null, side integer not null
);
comment on table ledger_votes is 'A row a claim about a disputed key.';
comment on column ledger_votes.fact_id is 'The fact about the key.';
comment on column ledger_votes.n is 'Number of the vote in its case.';
comment on column ledger_votes.source is 'Host name.';
comment on column ledger_votes.kind is 'Kind of the source, or first_hand.';
comment on column ledger_votes.cluster is 'Group of articles that copy each other.';
comment on column ledger_votes.side is 'The value it is for.';

create table ledger_leads (fact_id varchar not null, winner integer not null, weights double[] not null);
comment on table ledger_leads is 'What truth discovery made of each disputed key.';
comment on column ledger_leads.fact_id is 'The fact about the key.';
comment on column ledger_leads.winner is 'The side that leads.';
comment on column ledger_leads.weights is 'The sides'' weights, in natural log units.';

create table ledger_trust (source varchar not null, index varchar not null, weight double not null);
comment on table ledger_trust is 'What one claim of a source weighs.';
comment on column ledger_trust.source is 'Host name.';
comment on column ledger_trust.index is 'Index code.';
comment on column ledger_trust.weight is 'Weight in natural log units, in steps.';

create table ledger_shifts (article varchar not null, index varchar not null, year integer not null, shift bigint not null, n integer not null);
comment on table ledger_shifts is 'Articles with several ranks that are off by the same number of places: a list with an entry left out.';
comment on column ledger_shifts.article is 'Article.';
comment on column ledger_shifts.index is 'Index code.';
comment on column ledger_shifts.year is 'Year measured.';
comment on column ledger_shifts.shift is 'Places that the ranks are off, in millionths.';
comment on column ledger_shifts.n is 'How many ranks.';

create table ledger_bound (members varchar[] not null);
comment on table ledger_bound is 'A row a broken equation.';
comment on column ledger_bound.members is 'The facts that it binds.';
