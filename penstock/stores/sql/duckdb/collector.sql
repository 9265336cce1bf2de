-- The spans of steps and those between them, in a table or in Parquet files with the columns of the Collector's exporter.
SELECT
    TraceId AS trace,
    SpanId AS span,
    CASE WHEN ParentSpanId <> '' OR @link_trace IS NULL THEN TraceId ELSE @link_trace END AS parent_trace,
    CASE WHEN ParentSpanId <> '' OR @link_span IS NULL THEN ParentSpanId ELSE @link_span END AS parent_span,
    epoch_ns("Timestamp"::TIMESTAMP_NS) AS "start",
    epoch_ns("Timestamp"::TIMESTAMP_NS) + Duration::BIGINT AS "end",
    Duration::BIGINT AS duration,
    coalesce(StatusCode::VARCHAR IN ('Error', 'STATUS_CODE_ERROR'), false) AS is_error,
    coalesce(@weight, 1)::BIGINT AS weight,
    coalesce(nullif(ResourceAttributes['vcs.ref.head.revision'], ''), ResourceAttributes['service.version'], '') AS version,
    coalesce(SpanAttributes['penstock.step'], '') AS step,
    coalesce(SpanAttributes['penstock.flow'], '') AS flow,
    coalesce(TRY_CAST(SpanAttributes['penstock.flows'] AS JSON)::VARCHAR[], []) AS more_flows,
    coalesce(SpanAttributes['penstock.entrypoint'] = 'true', false) AS is_entrypoint,
    coalesce(SpanAttributes['penstock.lazy'] = 'true', false) AS is_lazy,
    coalesce(SpanAttributes['penstock.begins'] = 'true', false) AS begins,
    SpanAttributes['penstock.inside'] IS NOT NULL AS has_fact,
    coalesce(SpanAttributes['penstock.inside'], '') AS inside,
    coalesce(SpanAttributes['penstock.done'], '') AS done,
    coalesce(SpanAttributes['penstock.around'], '') AS around,
    coalesce(SpanAttributes['penstock.before'], '') AS "before",
    coalesce(SpanAttributes['penstock.run'], '') AS run,
    coalesce(TRY_CAST(SpanAttributes['penstock.facts'] AS JSON)::VARCHAR[][], []) AS facts
FROM @table
WHERE "Timestamp"::TIMESTAMP_NS >= make_timestamp_ns(@since) AND "Timestamp"::TIMESTAMP_NS < make_timestamp_ns(@until)
