-- The steps outside every run, and how many of them began while a run of their flow was going on.
WITH steps AS MATERIALIZED (@steps),
tops AS (
    SELECT
        *, least(greatest(duration, 1), 9007199254740992) AS bounded, floor(log2(bounded))::INTEGER AS rounded,
        rounded - ((1::BIGINT << rounded) > bounded)::INTEGER AS octave
    FROM steps WHERE inside = '' AND run IN ('', 'none', 'lost')
),
moments AS (
    SELECT flow, step, "start" AS moment, 0 AS change, is_error, weight, @bucket AS bucket FROM tops WHERE run = 'none'
    UNION ALL SELECT flow, step, "start", 1, false, 0, 0 FROM tops WHERE run <> 'none'
    UNION ALL SELECT flow, step, greatest("start", "end"), -1, false, 0, 0 FROM tops WHERE run <> 'none'
),
sums AS (
    SELECT
        *, sum(change) OVER (PARTITION BY flow ORDER BY moment RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS running
    FROM moments
),
counted AS (
    SELECT
        flow, step, coalesce(running, 0) > 0 AS is_concurrent, bucket,
        sum(weight) AS number, coalesce(sum(weight) FILTER (is_error), 0) AS errors
    FROM sums WHERE change = 0 GROUP BY ALL
)
SELECT
    flow, step, is_concurrent, sum(number)::BIGINT AS number, sum(errors)::BIGINT AS errors,
    map_from_entries(list((bucket, number::BIGINT))) AS buckets
FROM counted GROUP BY ALL
