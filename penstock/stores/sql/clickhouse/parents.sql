-- Each step in each of its flows, by parents and times alone. For the words and the rules see docs/reference/sql.md.
SELECT
    flow, step,
    if(empty(way), '', names[way[1]]) AS inside,
    arrayStringConcat(arraySort(arrayMap(name -> replaceAll(replaceAll(name, '%', '%25'), ',', '%2C'), arrayFilter(
        name -> name != step,
        arrayDistinct(arrayConcat(inner_done, pulled, if(is_lazy, arrayConcat(outer_names, outside), []))))
    )), ',') AS done,
    arrayStringConcat(arraySort(arrayMap(name -> replaceAll(replaceAll(name, '%', '%25'), ',', '%2C'), outer_names)), ',') AS around,
    arrayStringConcat(arraySort(arrayMap(name -> replaceAll(replaceAll(name, '%', '%25'), ',', '%2C'), outside)), ',') AS before,
    multiIf(
        empty(way) AND notEmpty(enclosing[i]), 'again',
        in_run[i], '',
        empty(way) AND cut[i], 'lost',
        is_foreign, 'other',
        'none'
    ) AS run,
    is_entrypoint, is_lazy, begins, start, end, duration, is_error, weight, version, trace
FROM (
    SELECT
        *, i,
        spans[i].step AS step, spans[i].start AS start, spans[i].end AS end, spans[i].trace AS trace,
        spans[i].is_entrypoint AS is_entrypoint, spans[i].is_lazy AS is_lazy, spans[i].begins AS begins,
        spans[i].duration AS duration, spans[i].is_error AS is_error, spans[i].weight AS weight, spans[i].version AS version,
        ways[i] AS way,
        if(empty(way), 0, way[1]) AS nearest,
        if(empty(way), 0, way[-1]) AS root,
        arrayDistinct(arrayMap(j -> names[j], arraySlice(way, 2))) AS outer_names,
        -- Of the steps inside a step: those that had finished when this one began. Inside a call of itself, a step passes on what
        -- has finished in it when it ends.
        if(nearest = 0, [], arrayDistinct(arrayMap(j -> names[j], arrayFilter(
            j -> j != i AND has(enclosing[j], nearest) AND if(
                names[if(enclosing[j][1] = nearest, j, enclosing[j][indexOf(enclosing[j], nearest) - 1])] != names[nearest], finished[j] <= start,
                names[j] != names[nearest]
                    AND finished[j] <= ends[arraySlice(enclosing[j], 1, indexOf(enclosing[j], nearest) - 1)[arrayLastIndex(k -> names[k] != names[nearest], arraySlice(enclosing[j], 1, indexOf(enclosing[j], nearest) - 1)) + 1]] AND ends[arraySlice(enclosing[j], 1, indexOf(enclosing[j], nearest) - 1)[arrayLastIndex(k -> names[k] != names[nearest], arraySlice(enclosing[j], 1, indexOf(enclosing[j], nearest) - 1)) + 1]] <= start
            ), members)))) AS inner_done,
        if(root = nearest, inner_done, arrayDistinct(arrayMap(j -> names[j], arrayFilter(
            j -> j != i AND has(enclosing[j], root) AND if(
                names[if(enclosing[j][1] = root, j, enclosing[j][indexOf(enclosing[j], root) - 1])] != names[root], finished[j] <= start,
                names[j] != names[root]
                    AND finished[j] <= ends[arraySlice(enclosing[j], 1, indexOf(enclosing[j], root) - 1)[arrayLastIndex(k -> names[k] != names[root], arraySlice(enclosing[j], 1, indexOf(enclosing[j], root) - 1)) + 1]] AND ends[arraySlice(enclosing[j], 1, indexOf(enclosing[j], root) - 1)[arrayLastIndex(k -> names[k] != names[root], arraySlice(enclosing[j], 1, indexOf(enclosing[j], root) - 1)) + 1]] <= start
            ), members)))) AS outer_done,
        arrayFilter(name -> NOT has(inner_done, name), outer_done) AS outside,
        arrayDistinct(arrayMap(j -> names[j], arrayFilter(j -> spans[j].is_lazy AND has(ways[j], i), members))) AS pulled,
        if(empty(enclosing[i]), i, enclosing[i][-1]) AS outermost,
        NOT cut[outermost] AND arrayExists(
            (j, k) -> spans[j].is_entrypoint AND arrayExists(
                name -> NOT arrayExists(h -> has(spans[h].flows, name), arraySlice(chains[outermost], 1, k - 1)),
                spans[j].flows),
            chains[outermost], arrayEnumerate(chains[outermost])) AS is_foreign
    FROM (
        SELECT
            *,
            spans.step AS names,
            arrayMap(s -> greatest(s.start, s.end), spans) AS ends,
            arrayMap((s, moment) -> if(s.is_lazy, s.start, moment), spans, ends) AS finished,
            arrayFilter(j -> has(spans[j].flows, flow), arrayEnumerate(spans)) AS members,
            arrayMap((chain, j) -> if(has(spans[j].flows, flow), arrayFilter(k -> has(spans[k].flows, flow), chain), []),
                chains, arrayEnumerate(spans)) AS flow_chains,
            arrayMap((chain, s) -> s.is_entrypoint OR arrayExists(k -> spans[k].is_entrypoint, chain), flow_chains, spans) AS in_run,
            -- A run begins at the outermost entrypoint; a step around that is in no run.
            arrayMap((chain, is_in) -> if(is_in, arraySlice(chain, 1, arrayLastIndex(k -> spans[k].is_entrypoint, chain)), chain),
                flow_chains, in_run) AS enclosing,
            -- Recursion adds no arrow: of calls of one step in each other, the innermost counts.
            arrayMap((chain, j) -> arrayFilter((k, inner) -> names[k] != names[inner],
                    chain, arrayPopBack(arrayPushFront(chain, toUInt32(j)))),
                enclosing, arrayEnumerate(spans)) AS ways
        FROM (
            SELECT
                spans, cut, chains, arrayJoin(arrayDistinct(arrayFlatten(spans.flows))) AS flow
            FROM (
                SELECT
                    spans,
                    arrayMap(s -> toUInt32(indexOf(spans.key, s.parent_key)), spans) AS above,
                    -- All spans around a span, from the inside out: each round doubles how far they reach.
                    arrayFold(
                        (chains, _) -> arrayMap(chain -> if(empty(chain), chain, arrayConcat(chain, chains[chain[-1]])), chains),
                        range(toUInt8(ceil(log2(length(spans) + 1)))),
                        arrayMap(j -> if(j = 0, CAST([], 'Array(UInt32)'), [j]), above)
                    ) AS chains,
                    arrayMap((s, j) -> s.parent_key != 0 AND j = 0, spans, above) AS is_orphan,
                    arrayMap((chain, orphan) -> if(empty(chain), orphan, is_orphan[chain[-1]]), chains, is_orphan) AS cut
                FROM (
                    SELECT
                        arrayFilter((s, j) -> indexOf(all_spans.key, s.key) = j, all_spans, arrayEnumerate(all_spans)) AS spans
                    FROM (
                        SELECT
                            arraySort(s -> (s.start, s.end), groupArray(CAST((
                                sipHash64(trace, span), if(parent_span = '', 0, sipHash64(parent_trace, parent_span)),
                                step, arrayDistinct(arrayFilter(name -> name != '' AND step != '', arrayPushFront(more_flows, flow))),
                                start, end, is_entrypoint, is_lazy, begins, duration, is_error, weight, version, trace
                            ), 'Tuple(key UInt64, parent_key UInt64, step String, flows Array(String), start Int64, end Int64,
                                is_entrypoint Bool, is_lazy Bool, begins Bool, duration UInt64, is_error Bool, weight UInt64,
                                version String, trace String)'))) AS all_spans,
                            min(start) AS begun
                        FROM (@spans) AS spans
                        LEFT JOIN (@groups) AS groups ON groups.trace = spans.trace
                        GROUP BY if(groups.label = '', spans.trace, groups.label)
                        HAVING begun >= @first AND begun < @last AND arrayExists(s -> notEmpty(s.flows), all_spans)
                    )
                )
            )
        )
    )
    ARRAY JOIN members AS i
)
