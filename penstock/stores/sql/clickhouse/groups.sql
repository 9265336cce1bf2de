-- The traces that links join, each with the smallest ID among those that it is joined with.
WITH RECURSIVE
    joined AS (
        SELECT DISTINCT trace, parent_trace FROM (@spans) WHERE trace != parent_trace
    ),
    neighbours AS (
        SELECT trace AS a, parent_trace AS b FROM joined
        UNION ALL SELECT parent_trace, trace FROM joined
        UNION ALL SELECT trace, trace FROM joined
        UNION ALL SELECT parent_trace, parent_trace FROM joined
    ),
    labels AS (
        SELECT a AS trace, min(b) AS label, toUInt8(0) AS level FROM neighbours GROUP BY a
        UNION ALL
        SELECT neighbours.a, min(labels.label), toUInt8(any(labels.level) + 1)
        FROM neighbours INNER JOIN labels ON labels.trace = neighbours.b
        WHERE labels.level < 16
        GROUP BY neighbours.a
    )
SELECT trace, argMax(label, level) AS label FROM labels GROUP BY trace
