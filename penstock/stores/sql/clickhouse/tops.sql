-- The steps outside every run, and how many of them began while a run of their flow was going on.
SELECT
    flow, step, running > 0 AS is_concurrent,
    sum(weight) AS number,
    sumIf(weight, is_error) AS errors,
    sumMap(map(@bucket, weight)) AS buckets
FROM (
    SELECT
        flow, step, change, duration, is_error, weight,
        sum(change) OVER (PARTITION BY flow ORDER BY moment RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS running
    FROM (
        SELECT flow, step, pair.1 AS moment, pair.2 AS change, duration, is_error, weight
        FROM (
            SELECT
                flow, step, duration, is_error, weight,
                arrayJoin(if(run = 'none', [(start, 0)], [(start, 1), (greatest(start, end), -1)])) AS pair
            FROM (@steps)
            WHERE inside = '' AND run IN ('', 'none', 'lost')
        )
    )
)
WHERE change = 0
GROUP BY flow, step, is_concurrent
