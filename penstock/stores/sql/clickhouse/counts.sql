SELECT
    toDate(fromUnixTimestamp64Nano(start), 'UTC') AS day,
    version, flow, step, inside, done, around, before, run, is_entrypoint, is_lazy, begins,
    sum(weight) AS number,
    sumIf(weight, is_error) AS errors,
    sumMap(map(@bucket, weight)) AS buckets,
    argMinState(trace, start) AS first_trace
FROM (@steps)
GROUP BY day, version, flow, step, inside, done, around, before, run, is_entrypoint, is_lazy, begins
