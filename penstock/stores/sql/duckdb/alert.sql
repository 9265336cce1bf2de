-- Each way of the last day that no arrow declares: what ran, in which step, after which ones, how often, and in which trace first.
WITH declared(flow, step, sources, listed) AS (VALUES @arrows),
seen AS (
    SELECT flow, step, inside, done, sum(number) AS number, arg_min(first_trace, day) AS trace
    FROM @table
    WHERE day >= current_date - 1 AND inside <> '' AND run = '' AND NOT is_entrypoint AND NOT begins
    GROUP BY ALL
)
SELECT seen.flow, seen.step, seen.inside, seen.done, seen.number, seen.trace
FROM seen
LEFT JOIN declared ON declared.flow = seen.flow AND declared.step = seen.step
WHERE seen.flow IN (SELECT flow FROM declared)
    AND NOT list_contains(coalesce(declared.sources, []), seen.inside)
    AND NOT list_has_any(coalesce(declared.listed, []), string_split(seen.done, ','))
    -- It may have been given a generator that had not begun.
    AND seen.step NOT IN (@waiting)
ORDER BY number DESC
