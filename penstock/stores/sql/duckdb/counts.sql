SELECT
    make_timestamp_ns("start")::DATE AS day,
    version, flow, step, inside, done, around, "before", run, is_entrypoint, is_lazy, begins,
    sum(weight) AS number,
    coalesce(sum(weight) FILTER (is_error), 0) AS errors,
    quantile_disc(duration, [0.5, 0.95, 0.99]) AS durations,
    arg_min(trace, "start") AS first_trace
FROM (@steps)
GROUP BY ALL
