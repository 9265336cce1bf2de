-- Each way of the last day that no arrow declares: what ran, in which step, after which ones, how often, and in which trace first.
WITH
    -- The steps after which each step may run; in lists of names, commas and percent signs are escaped.
    declared AS (
        SELECT * FROM values('flow String, step String, sources Array(String), listed Array(String)', @arrows)
    ),
    seen AS (
        SELECT flow, step, inside, done, sum(number) AS number, argMinMerge(first_trace) AS trace
        FROM @table
        WHERE day >= today() - 1 AND inside != '' AND run = '' AND NOT is_entrypoint AND NOT begins
        GROUP BY flow, step, inside, done
    )
SELECT seen.flow AS flow, seen.step AS step, seen.inside AS inside, seen.done AS done, seen.number AS number, seen.trace AS trace
FROM seen
LEFT JOIN declared ON declared.flow = seen.flow AND declared.step = seen.step
WHERE seen.flow IN (SELECT flow FROM declared)
    AND NOT has(declared.sources, seen.inside)
    AND NOT hasAny(declared.listed, splitByChar(',', seen.done))
    -- It may have been given a generator that had not begun.
    AND seen.step NOT IN (@waiting)
ORDER BY number DESC
