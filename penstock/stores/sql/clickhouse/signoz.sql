-- The same of SigNoz, whose table is also ordered by buckets of time.
SELECT
    trace_id AS trace,
    span_id AS span,
    parent_span_id AS parent,
    JSONExtractString(links, 1, 'traceId') AS link_trace,
    if(parent_span_id != '' OR link_trace = '', trace_id, link_trace) AS parent_trace,
    if(parent_span_id != '' OR link_trace = '', parent_span_id, JSONExtractString(links, 1, 'spanId')) AS parent_span,
    toUnixTimestamp64Nano(timestamp) AS start,
    start + toInt64(duration_nano) AS end,
    toUInt64(duration_nano) AS duration,
    has_error AS is_error,
    toUInt64(1) AS weight,
    resources_string['vcs.ref.head.revision'] AS revision,
    if(revision != '', revision, resources_string['service.version']) AS version,
    attributes_string['penstock.step'] AS step,
    attributes_string['penstock.flow'] AS flow,
    JSONExtract(attributes_string['penstock.flows'], 'Array(String)') AS more_flows,
    attributes_bool['penstock.entrypoint'] AS is_entrypoint,
    attributes_bool['penstock.lazy'] AS is_lazy,
    attributes_bool['penstock.begins'] AS begins,
    mapContains(attributes_string, 'penstock.inside') AS has_fact,
    attributes_string['penstock.inside'] AS inside,
    attributes_string['penstock.done'] AS done,
    attributes_string['penstock.around'] AS around,
    attributes_string['penstock.before'] AS before,
    attributes_string['penstock.run'] AS run,
    attributes_string['penstock.facts'] AS facts
FROM @table
WHERE timestamp >= fromUnixTimestamp64Nano(toInt64(@since)) AND timestamp < fromUnixTimestamp64Nano(toInt64(@until))
    AND ts_bucket_start >= toUInt64(greatest(intDiv(toInt64(@since), 1000000000) - 1800, 0))
    AND ts_bucket_start <= toUInt64(intDiv(toInt64(@until), 1000000000))
