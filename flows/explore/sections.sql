-- What the site shows: a section a query.

-- section run
select * from runs order by ended_at desc limit 1;

-- section facts
select fact_id, index, level, authority, subject, subject_type, subject_id, year, measure, component, scope, modality, base_year, value, value_text,
  "of", status, confidence, n_independent, reason
  from facts order by index, level, authority nulls first, subject_type, subject, subject_id nulls first, year nulls last, component nulls first, measure, base_year nulls first, scope nulls first, modality, fact_id;

-- section said
select r.fact_id, c.claim_id, r.printed, c.value_start, c.value_end, c.source, c.url, c.published, c.rule, c.year_reason, c.article, c.superseded,
  s.title as source_title, s.kind, k.conflict_id is null or (k.is_claimed and list_contains(k.sides[1], c.claim_id)) as stands
  from comparable r join claims c using (claim_id) join sources s on s.source = c.source left join conflicts k on k.fact_id = r.fact_id
  where r.fact_id in (select fact_id from facts) order by c.superseded, c.published nulls last, c.source, c.claim_id;

-- section tables
select t.*, k.conflict_id is null or (k.is_claimed and list_contains(k.sides[1], t.claim_id)) as stands
  from tables t left join conflicts k on k.fact_id = t.fact_id where t.fact_id in (select fact_id from facts) order by t.claim_id;

-- A page of the same bytes may have been fetched twice; the first time counts.
-- section articles
select a.article_id, a.url, a.source, a.page_id, a.title, a.published, a.text, a.gone, a.current, a.cluster, s.title as source_title, p.fetched_at, p.sha256
  from articles a join sources s on s.source = a.source
  left join (select page_id, min(fetched_at) as fetched_at, any_value(sha256) as sha256 from pages group by page_id) p on p.page_id = a.page_id
  where a.article_id in (select article from claims) order by a.article_id;

-- section sources
select s.source, s.title, s.kind, s.place, s.home, s.caveats, count(c.claim_id) as claims, max(c.published) as last_published
  from sources s join claims c on c.source = s.source group by all order by s.source;

-- section reliability
select * from reliability order by source, index;

-- section panel
select index, year, unit_id, score, rank, n_members, n_known from panel_2025 where n_known > 0 and year < 2025 order by index, year, unit_id;

-- section indices
select * from indices where index in (select index from facts) order by index;

-- section units
select unit_id, name, merged_into, valid_from, valid_to from units where level = 'province' and (valid_to is null or valid_to >= date '2024-12-31') order by unit_id;
