-- One row for each fact: how often, how many errors, and how many durations each bucket of the sketch has.
SELECT
    flow, step, inside, done, around, before, run, is_entrypoint, is_lazy, begins, version,
    sum(weight) AS number,
    sumIf(weight, is_error) AS errors,
    sumMap(map(@bucket, weight)) AS buckets,
    toDate(fromUnixTimestamp64Nano(min(start)), 'UTC') AS first_day,
    toDate(fromUnixTimestamp64Nano(max(end)), 'UTC') AS last_day
FROM (@steps)
GROUP BY flow, step, inside, done, around, before, run, is_entrypoint, is_lazy, begins, version
