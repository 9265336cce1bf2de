-- Each step in each of its flows, by parents and times alone. For the words and the rules see docs/reference/sql.md.
WITH RECURSIVE
all_spans AS MATERIALIZED (@spans),
links AS (
    SELECT trace AS a, parent_trace AS b FROM all_spans WHERE trace <> parent_trace
    UNION SELECT parent_trace, trace FROM all_spans WHERE trace <> parent_trace
),
-- The traces that links join, each with the smallest ID among those that it is joined with.
joined AS (
    SELECT a AS trace, b AS other FROM links
    UNION
    SELECT joined.trace, links.b FROM joined JOIN links ON links.a = joined.other
),
labels AS (SELECT trace, least(trace, min(other)) AS label FROM joined GROUP BY trace),
windows AS (
    SELECT coalesce(label, trace) AS tree FROM all_spans LEFT JOIN labels USING (trace)
    GROUP BY tree HAVING min("start") >= @first AND min("start") < @last AND bool_or(step <> '')
),
spans AS MATERIALIZED (
    -- An exporter that tries again sends a span twice.
    SELECT DISTINCT ON (key)
        trace || '/' || span AS key, CASE WHEN parent_span <> '' THEN parent_trace || '/' || parent_span END AS parent_key,
        CASE WHEN step <> '' THEN list_distinct(list_filter(list_prepend(flow, more_flows), lambda name: name <> '')) ELSE [] END AS flows,
        all_spans.* EXCLUDE (has_fact, inside, done, around, "before", run, facts)
    FROM all_spans LEFT JOIN labels USING (trace)
    WHERE coalesce(label, trace) IN (SELECT tree FROM windows)
    ORDER BY key, "start", "end"
),
-- Each step with the spans around it, from the inside out. Spans that are around each other end after 1000 rounds.
around_steps AS (
    SELECT key AS inner_key, parent_key AS outer_key, 1 AS distance FROM spans WHERE parent_key IS NOT NULL AND flows <> []
    UNION ALL
    SELECT inner_key, spans.parent_key, distance + 1
    FROM around_steps JOIN spans ON spans.key = outer_key
    WHERE spans.parent_key IS NOT NULL AND distance < 1000
),
chains AS MATERIALIZED (
    SELECT inner_key, outer_key, distance, spans.key IS NULL AS is_missing, spans.flows, spans.is_entrypoint
    FROM around_steps LEFT JOIN spans ON spans.key = outer_key
),
cuts AS (SELECT DISTINCT inner_key FROM chains WHERE is_missing),
members AS MATERIALIZED (
    SELECT
        *, CASE WHEN is_lazy THEN "start" ELSE greatest("start", "end") END AS finished,
        key IN (SELECT inner_key FROM cuts) AS is_cut
    FROM (SELECT * EXCLUDE (flow), unnest(flows) AS flow FROM spans WHERE flows <> [])
),
same_flow AS (
    SELECT members.flow, inner_key, outer_key, distance, chains.is_entrypoint AS is_outer_entrypoint
    FROM members JOIN chains ON chains.inner_key = members.key AND list_contains(chains.flows, members.flow)
),
-- A run begins at the outermost entrypoint; a step around that is in no run.
begun AS (
    SELECT flow, inner_key, max(distance) FILTER (is_outer_entrypoint) AS entry_distance FROM same_flow GROUP BY ALL
),
placed AS MATERIALIZED (
    SELECT members.*, entry_distance, members.is_entrypoint OR entry_distance IS NOT NULL AS in_run
    FROM members LEFT JOIN begun ON begun.flow = members.flow AND begun.inner_key = members.key
),
enclosing AS MATERIALIZED (
    SELECT
        same_flow.flow, same_flow.inner_key, same_flow.outer_key, same_flow.distance, outer_step.step AS outer_name,
        lag(outer_step.step, 1, placed.step) OVER steps_around AS within_name,
        greatest(outer_step."start", outer_step."end") AS outer_end
    FROM same_flow
    JOIN placed ON placed.flow = same_flow.flow AND placed.key = same_flow.inner_key
    JOIN spans AS outer_step ON outer_step.key = same_flow.outer_key
    WHERE NOT placed.in_run OR same_flow.distance <= placed.entry_distance
    WINDOW steps_around AS (PARTITION BY same_flow.flow, same_flow.inner_key ORDER BY same_flow.distance)
),
-- Recursion adds no arrow: of calls of one step in each other, the innermost counts.
ways AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY flow, inner_key ORDER BY distance) AS place
    FROM enclosing WHERE outer_name <> within_name
),
edges AS MATERIALIZED (
    SELECT
        flow, inner_key, arg_min(outer_key, place) AS nearest, arg_min(outer_name, place) AS inside,
        arg_max(outer_key, place) AS root,
        coalesce(list(DISTINCT outer_name) FILTER (place > 1), []) AS outer_names
    FROM ways GROUP BY flow, inner_key
),
-- Calls of one step in each other have one number.
numbered AS (
    SELECT *, sum((outer_name <> within_name)::INTEGER) OVER (PARTITION BY flow, inner_key ORDER BY distance) AS number
    FROM enclosing
),
passed AS (
    SELECT *, first_value(outer_end) OVER (PARTITION BY flow, inner_key, number ORDER BY distance) AS passing_end FROM numbered
),
-- When what ran in a step counts as finished there. Inside a call of itself, a step passes on what has finished in it when it ends.
endings AS MATERIALIZED (
    SELECT
        passed.flow, outer_key, inner_key, placed.step,
        CASE WHEN outer_name <> within_name THEN finished ELSE passing_end END AS moment
    FROM passed JOIN placed ON placed.flow = passed.flow AND placed.key = passed.inner_key
    WHERE outer_name <> within_name OR (placed.step <> outer_name AND finished <= passing_end)
),
done_inside AS (
    SELECT edges.flow, edges.inner_key, list(DISTINCT endings.step) AS names
    FROM edges
    JOIN placed ON placed.flow = edges.flow AND placed.key = edges.inner_key
    JOIN endings ON endings.flow = edges.flow AND endings.outer_key = edges.nearest
    WHERE endings.inner_key <> edges.inner_key AND endings.moment <= placed."start"
    GROUP BY edges.flow, edges.inner_key
),
done_in_root AS (
    SELECT edges.flow, edges.inner_key, list(DISTINCT endings.step) AS names
    FROM edges
    JOIN placed ON placed.flow = edges.flow AND placed.key = edges.inner_key
    JOIN endings ON endings.flow = edges.flow AND endings.outer_key = edges.root
    WHERE edges.root <> edges.nearest AND endings.inner_key <> edges.inner_key AND endings.moment <= placed."start"
    GROUP BY edges.flow, edges.inner_key
),
pulled AS (
    SELECT ways.flow, ways.outer_key AS key, list(DISTINCT placed.step) AS names
    FROM ways JOIN placed ON placed.flow = ways.flow AND placed.key = ways.inner_key
    WHERE placed.is_lazy GROUP BY ways.flow, ways.outer_key
),
outermost AS (
    SELECT flow, inner_key, arg_max(outer_key, distance) AS outer_key FROM enclosing GROUP BY flow, inner_key
),
nearest_of_flows AS (
    SELECT inner_key, arg_min(is_entrypoint, distance) AS is_entrypoint
    FROM (SELECT inner_key, distance, is_entrypoint, unnest(flows) AS flow FROM chains) GROUP BY inner_key, flow
),
foreigners AS (
    SELECT inner_key FROM nearest_of_flows GROUP BY inner_key
    HAVING bool_or(is_entrypoint) AND inner_key NOT IN (SELECT inner_key FROM cuts)
),
sides AS (
    SELECT
        placed.*, edges.inside, edges.inner_key IS NULL AND outermost.inner_key IS NOT NULL AS is_again,
        coalesce(outermost.outer_key, placed.key) IN (SELECT inner_key FROM foreigners) AS is_foreign,
        coalesce(done_inside.names, []) AS inner_done, coalesce(pulled.names, []) AS pulled_names,
        coalesce(edges.outer_names, []) AS outer_names,
        list_filter(coalesce(done_in_root.names, []), lambda name: NOT list_contains(inner_done, name)) AS outside
    FROM placed
    LEFT JOIN edges ON edges.flow = placed.flow AND edges.inner_key = placed.key
    LEFT JOIN done_inside ON done_inside.flow = placed.flow AND done_inside.inner_key = placed.key
    LEFT JOIN done_in_root ON done_in_root.flow = placed.flow AND done_in_root.inner_key = placed.key
    LEFT JOIN pulled ON pulled.flow = placed.flow AND pulled.key = placed.key AND edges.inner_key IS NOT NULL
    LEFT JOIN outermost ON outermost.flow = placed.flow AND outermost.inner_key = placed.key
)
SELECT
    flow, step, coalesce(inside, '') AS inside,
    list_aggregate(list_sort(list_transform(list_filter(
        list_distinct(list_concat(inner_done, pulled_names, CASE WHEN is_lazy THEN list_concat(outer_names, outside) ELSE [] END)),
        lambda name: name <> step
    ), lambda name: replace(replace(name, '%', '%25'), ',', '%2C'))), 'string_agg', ',') AS done,
    list_aggregate(list_sort(list_transform(outer_names, lambda name: replace(replace(name, '%', '%25'), ',', '%2C'))), 'string_agg', ',') AS around,
    list_aggregate(list_sort(list_transform(outside, lambda name: replace(replace(name, '%', '%25'), ',', '%2C'))), 'string_agg', ',') AS "before",
    CASE
        WHEN is_again THEN 'again'
        WHEN in_run THEN ''
        WHEN inside IS NULL AND is_cut THEN 'lost'
        WHEN is_foreign THEN 'other'
        ELSE 'none'
    END AS run,
    is_entrypoint, is_lazy, begins, "start", "end", duration, is_error, weight, version, trace
FROM sides
