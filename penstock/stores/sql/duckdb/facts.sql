-- One row for each fact: how often, how many errors, and how many durations each bucket of the sketch has.
WITH steps AS MATERIALIZED (@steps),
measured AS (
    SELECT *, least(greatest(duration, 1), 9007199254740992) AS bounded, floor(log2(bounded))::INTEGER AS rounded,
        -- A logarithm may be rounded up to the next whole number.
        rounded - ((1::BIGINT << rounded) > bounded)::INTEGER AS octave
    FROM steps
),
counted AS (
    SELECT
        flow, step, inside, done, around, "before", run, is_entrypoint, is_lazy, begins, version,
        @bucket AS bucket,
        sum(weight) AS number,
        coalesce(sum(weight) FILTER (is_error), 0) AS errors,
        min("start") AS first_start,
        max("end") AS last_end
    FROM measured
    GROUP BY ALL
)
SELECT
    flow, step, inside, done, around, "before", run, is_entrypoint, is_lazy, begins, version,
    sum(number)::BIGINT AS number,
    sum(errors)::BIGINT AS errors,
    map_from_entries(list((bucket, number::BIGINT))) AS buckets,
    strftime(make_timestamp_ns(min(first_start)), '%Y-%m-%d') AS first_day,
    strftime(make_timestamp_ns(max(last_end)), '%Y-%m-%d') AS last_day
FROM counted
GROUP BY ALL
