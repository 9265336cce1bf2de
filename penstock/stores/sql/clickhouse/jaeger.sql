-- The same of Jaeger 2, which keeps attributes as arrays of keys and values, by type.
SELECT
    trace_id AS trace,
    id AS span,
    parent_span_id AS parent,
    if(parent_span_id != '' OR empty(links.trace_id), trace_id, links.trace_id[1]) AS parent_trace,
    if(parent_span_id != '' OR empty(links.span_id), parent_span_id, links.span_id[1]) AS parent_span,
    toUnixTimestamp64Nano(start_time) AS start,
    start + toInt64(spans.duration) AS end,
    toUInt64(greatest(spans.duration, 0)) AS duration,
    lower(status_code) IN ('error', 'status_code_error') AS is_error,
    toUInt64(1) AS weight,
    resource_str_attributes.value[indexOf(resource_str_attributes.key, 'vcs.ref.head.revision')] AS revision,
    if(revision != '', revision, resource_str_attributes.value[indexOf(resource_str_attributes.key, 'service.version')]) AS version,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.step')] AS step,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.flow')] AS flow,
    JSONExtract(complex_attributes.value[indexOf(complex_attributes.key, '@@slice@@penstock.flows')], 'Array(String)') AS more_flows,
    bool_attributes.value[indexOf(bool_attributes.key, 'penstock.entrypoint')] AS is_entrypoint,
    bool_attributes.value[indexOf(bool_attributes.key, 'penstock.lazy')] AS is_lazy,
    bool_attributes.value[indexOf(bool_attributes.key, 'penstock.begins')] AS begins,
    has(str_attributes.key, 'penstock.inside') AS has_fact,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.inside')] AS inside,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.done')] AS done,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.around')] AS around,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.before')] AS before,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.run')] AS run,
    str_attributes.value[indexOf(str_attributes.key, 'penstock.facts')] AS facts
FROM @table AS spans
WHERE start_time >= fromUnixTimestamp64Nano(toInt64(@since)) AND start_time < fromUnixTimestamp64Nano(toInt64(@until))
