-- Each step in each of its flows, by the fact that stands on its span.
SELECT
    fact.1 AS flow, step, fact.2 AS inside, fact.3 AS done, fact.4 AS around, fact.5 AS before, fact.6 AS run,
    is_entrypoint, is_lazy, begins, start, end, duration, is_error, weight, version, trace
FROM (
    SELECT
        step, is_entrypoint, is_lazy, begins, start, end, duration, is_error, weight, version, trace,
        arrayJoin(arrayConcat(
            [(flow, inside, done, around, before, run)],
            arrayMap(
                other -> (other[1], other[2], other[3], other[4], other[5], other[6]),
                JSONExtract(facts, 'Array(Array(String))')
            )
        )) AS fact
    FROM (@spans)
    WHERE step != '' AND has_fact
)
WHERE flow != ''
