-- The steps outside every run, and how many of them began while a run of their flow was going on.
WITH steps AS MATERIALIZED (@steps),
tops AS (
    SELECT * FROM steps WHERE inside = '' AND run IN ('', 'none', 'lost')
),
moments AS (
    SELECT flow, step, "start" AS moment, 0 AS change FROM tops WHERE run = 'none'
    UNION ALL SELECT flow, step, "start", 1 FROM tops WHERE run <> 'none'
    UNION ALL SELECT flow, step, greatest("start", "end"), -1 FROM tops WHERE run <> 'none'
),
sums AS (
    SELECT
        flow, step, change,
        sum(change) OVER (PARTITION BY flow ORDER BY moment RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS running
    FROM moments
)
SELECT flow, step, coalesce(running, 0) > 0 AS is_concurrent, count(*) AS number FROM sums WHERE change = 0 GROUP BY ALL
