-- The spans of steps and those between them, as the Collector's exporter for ClickHouse stores them.
SELECT
    TraceId AS trace,
    SpanId AS span,
    ParentSpanId AS parent,
    if(ParentSpanId != '' OR empty(Links.TraceId), TraceId, Links.TraceId[1]) AS parent_trace,
    if(ParentSpanId != '' OR empty(Links.SpanId), ParentSpanId, Links.SpanId[1]) AS parent_span,
    toUnixTimestamp64Nano(Timestamp) AS start,
    start + toInt64(Duration) AS end,
    toUInt64(Duration) AS duration,
    StatusCode IN ('Error', 'STATUS_CODE_ERROR') AS is_error,
    toUInt64(@weight) AS weight,
    ResourceAttributes['vcs.ref.head.revision'] AS revision,
    if(revision != '', revision, ResourceAttributes['service.version']) AS version,
    SpanAttributes['penstock.step'] AS step,
    SpanAttributes['penstock.flow'] AS flow,
    JSONExtract(SpanAttributes['penstock.flows'], 'Array(String)') AS more_flows,
    SpanAttributes['penstock.entrypoint'] = 'true' AS is_entrypoint,
    SpanAttributes['penstock.lazy'] = 'true' AS is_lazy,
    SpanAttributes['penstock.begins'] = 'true' AS begins,
    mapContains(SpanAttributes, 'penstock.inside') AS has_fact,
    SpanAttributes['penstock.inside'] AS inside,
    SpanAttributes['penstock.done'] AS done,
    SpanAttributes['penstock.around'] AS around,
    SpanAttributes['penstock.before'] AS before,
    SpanAttributes['penstock.run'] AS run,
    SpanAttributes['penstock.facts'] AS facts
FROM @table
WHERE Timestamp >= fromUnixTimestamp64Nano(toInt64(@since)) AND Timestamp < fromUnixTimestamp64Nano(toInt64(@until))
