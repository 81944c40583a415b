-- One million events of finished, failed, cancelled and serving clones over 90 days, as the event log would hold them: in the order in
-- which they happened, one stream per job. :now is the moment the last of them may have happened.
select setseed(0.42);

create unlogged table bench_jobs as
with dice as (
    select i, random() who, random() whose, random() luck, random() ends, random() again, random() why, random() moment,
        (select array_agg(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) from generate_series(1, 8) g where i > 0) z
    from generate_series(1, 69500) i
)
select i,
    'job-' || substr(translate(md5('job' || i), '0189', 'ghij'), 1, 26) id,
    case when who < 0.7 then 'local' when who < 0.9 then 'globex' when who < 0.97 then 'initech' else 'umbrella' end tenant,
    case when whose < 0.1 then null else 'customer-' || (1 + floor(200 * power(whose, 2)))::int end customer,
    moment * 90 * 86400 t0,
    exp(1 + 1.5 * z[1]) waited,
    array[exp(-1 + 0.4 * z[2]), exp(0.7 + 0.3 * z[3]), exp(2.5 + 0.8 * z[4]), exp(0 + 0.3 * z[5]), exp(0.9 + 0.5 * z[6])] took,
    exp(0.5 + 0.3 * z[7]) removed,
    case when ends < 0.3 then ends * 5000 + 60 else 1800 + floor(ends * 6) * 1800 end served,
    case when luck < 0.03 then 0 when luck < 0.10 then (array[1, 3, 3, 3, 3, 3, 5])[1 + floor(why * 7)::int] else 6 end ended,
    case when again < 0.08 then 3 when again < 0.1 then 5 else 0 end retried,
    (array['SOURCE_UNREACHABLE', 'LOGIN_FAILED', 'VERIFY_FAILED', 'CHANNEL_BLOCKED', 'IMPORT_FAILED'])[1 + floor(why * 4.999)::int] code
from dice;

create unlogged table bench_events as
with begun as (
    select *, array['CreateDatabase', 'StartPod', 'ImportContent', 'ActivatePlugin', 'OpenIngress'] steps,
        array['database_ready', 'pod_ready', 'content_imported', 'plugin_activated', 'ingress_ready'] done
    from bench_jobs
),
stepped as (
    select b.*, k, t0 + waited + coalesce((select sum(took[x]) from generate_series(1, k - 1) x), 0) + case when retried between 1 and k - 1 then 3 else 0 end s
    from begun b, generate_series(1, 5) k where ended > 0 and k <= least(ended, 5)
),
over as (select b.*, t0 + waited + (select sum(took[x]) from generate_series(1, least(ended, 5)) x) + case when retried between 1 and ended then 3 else 0 end e from begun b where ended > 0),
happened as (
    select i, id, 0 as ord, t0 as moment, 'clone_requested' as type, jsonb_strip_nulls(jsonb_build_object('sourceUrl', 'https://shop.example/', 'tenant', tenant, 'customerId', customer,
        'ttl', '00:30:00', 'requestHash', md5(id), 'giveUpAt', :'now')) as data from begun
    union all select i, id, 1, t0 + waited, 'started', '{}' from begun where ended > 0
    union all select i, id, 1, t0 + waited, 'cancel_requested', '{}' from begun where ended = 0
    union all select i, id, 2, t0 + waited + 0.001, 'cancelled', '{}' from begun where ended = 0
    union all select i, id, k * 10, s, 'step_started', jsonb_build_object('step', steps[k], 'attempt', 1, 'fence', k, 'node', 'node-1') from stepped
    union all select i, id, k * 10 + 1, s + 1, 'step_failed', jsonb_build_object('step', steps[k], 'attempt', 1, 'retryAt', :'now',
        'fault', jsonb_build_object('code', code, 'message', 'The source does not answer.', 'hint', 'Check that it is up.', 'retryable', true)) from stepped where retried = k
    union all select i, id, k * 10 + 2, s + 3, 'step_started', jsonb_build_object('step', steps[k], 'attempt', 2, 'fence', k + 1, 'node', 'node-1') from stepped where retried = k
    union all select i, id, k * 10 + 3, s + took[k] + case when retried = k then 3 else 0 end, done[k], jsonb_build_object('warnings', '[]'::jsonb, 'version', '1.0.0', 'username', 'clonehub',
        'cloneUrl', 'http://clone.localhost/', 'expiresAt', :'now', 'content', jsonb_build_object('tables', 12, 'rows', 345, 'files', 678, 'bytes', 9000000)) from stepped where k < ended
    union all select i, id, 60, e, 'job_failed', jsonb_build_object('step', steps[ended], 'removeAt', :'now',
        'fault', jsonb_build_object('code', code, 'message', 'The source does not answer.', 'hint', 'Check that it is up.', 'retryable', false)) from over where ended < 6
    union all select i, id, 61, e + served, case when served < 1600 then 'cancel_requested' else 'expired' end, '{}' from over
    union all select i, id, 62, e + served + 0.001, 'step_started', jsonb_build_object('step', 'Remove', 'attempt', 1, 'fence', 9, 'node', 'node-1') from over
    union all select i, id, 63, e + served + removed, 'removed', '{}' from over
)
select row_number() over (order by moment, i, ord) as seq, row_number() over (partition by i order by ord) as version, id, type,
    :'now'::timestamptz - interval '90 days' + moment * interval '1 second' as moment, data
from happened where moment < 90 * 86400
order by 1 limit 1000000;

insert into clonehub.mt_streams (id, version, timestamp, created) select id, max(version), max(moment), min(moment) from bench_events group by id;
insert into clonehub.mt_events (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type)
select seq, gen_random_uuid(), id, version, data || jsonb_build_object('at', to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"')), type || '.v1', moment, ''
from bench_events order by seq;
select setval('clonehub.mt_events_sequence', (select max(seq_id) from clonehub.mt_events));
drop table bench_events, bench_jobs;
