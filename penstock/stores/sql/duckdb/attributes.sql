-- Each step in each of its flows, by the fact that stands on its span.
SELECT
    fact[1] AS flow, step, fact[2] AS inside, fact[3] AS done, fact[4] AS around, fact[5] AS "before", fact[6] AS run,
    is_entrypoint, is_lazy, begins, "start", "end", duration, is_error, weight, version, trace
FROM (
    SELECT *, unnest(list_concat([[flow, inside, done, around, "before", run]], facts)) AS fact
    FROM (@spans)
    WHERE step <> '' AND has_fact
)
WHERE fact[1] <> ''
