-- What the report shows: a section a query. Each is printed beside the rows that it returns.

-- section run
select * from runs order by ended_at desc limit 1;

-- section conflicts
select c.*, f.confidence, f.n_independent, f.subject_type, n.change
  from conflicts c join facts f using (fact_id)
  left join conflict_changes n on n.conflict_id = c.conflict_id and n.run_id = (select run_id from runs order by ended_at desc limit 1)
  order by c.status <> 'conflict', c.consequence desc, c.index, c.subject, c.year, c.measure, c.conflict_id;

-- section new
select * from conflict_changes where run_id = (select run_id from runs order by ended_at desc limit 1) and change in ('new', 'reopened') order by conflict_id;

-- section resolved
select * from conflict_changes where run_id = (select run_id from runs order by ended_at desc limit 1) and change in ('resolved', 'withdrawn') order by conflict_id;

-- section open
select * from conflicts where status = 'conflict' and conflict_id not in
  (select conflict_id from conflict_changes where run_id = (select run_id from runs order by ended_at desc limit 1) and change in ('new', 'reopened')) order by conflict_id;

-- section crawls
select c.*, s.title, s.home, s.source from crawls c left join sources s on s.portal = c.portal
  where run_id = (select run_id from runs order by ended_at desc limit 1) order by state = 'complete', c.portal;

-- A portal that was never read, or whose articles were read before and that gave nothing for three nights, is silent.
-- section silent
with read as (select c.portal, max(r.ended_at) filter (c.pages_read > 0) as last_read from crawls c join runs r using (run_id)
  where r.sample = (select sample from runs order by ended_at desc limit 1) group by c.portal)
  select p.portal, s.title, s.source, p.last_read, count(*) as nights from read p join crawls c using (portal) join runs r using (run_id)
  left join sources s on s.portal = p.portal
  where c.state = 'complete' and (p.last_read is null or r.ended_at > p.last_read) group by all
  having p.last_read is null or count(*) >= 3 order by p.last_read nulls first, p.portal;

-- section coverage
select index, year, count(distinct subject) filter (subject_type = 'province') as provinces,
  count(distinct subject) filter (subject_type <> 'province') as others, count(*) as facts, sum(n_claims)::integer as claims
  from facts where modality = 'reported' group by all order by index, year;

-- section figures
select fact_id, index, level, authority, subject, subject_type, subject_id, year, measure, value_text, value, "of", status
  from facts where modality = 'reported' and component is null and scope is null and year is not null and measure in ('score', 'rank')
  order by index, level, authority nulls first, subject_type, subject, year, measure;

-- section sources
select s.source, s.title, s.kind, s.place, s.home, count(c.claim_id) as claims, max(c.published) as last_published
  from sources s left join claims c on c.source = s.source and not c.superseded group by all order by s.source;

-- section reliability
select * from reliability order by source, index;

-- section problems
select * from problems order by url;

-- section unresolved
select u.*, a.url from unresolved u join articles a on a.article_id = u.article
  where a.current order by a.url, u.start;

-- The claims on all sides of the conflicts, with the text they stand in.
-- section _said
select c.claim_id, f.printed, f.qualifier, c.value_start, c.value_end, c.source, c.url, c.published, c.rule, c.year_reason, a.text, a.title,
  a.page_id, a.cluster, a.gone, s.title as source_title, s.kind
  from claims c join comparable f using (claim_id) join articles a on a.article_id = c.article join sources s on s.source = c.source
  where c.claim_id in (select unnest(claims) from conflicts) order by c.claim_id;

-- section _tables
select * from tables where claim_id in (select unnest(claims) from conflicts) order by claim_id;
