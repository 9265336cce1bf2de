-- Facts, counted as spans arrive: a row a day for each fact and version, whatever the number of spans.
CREATE TABLE IF NOT EXISTS penstock_facts (
    day Date,
    version LowCardinality(String),
    flow LowCardinality(String),
    step LowCardinality(String),
    inside LowCardinality(String),
    done String,
    around String,
    before String,
    run LowCardinality(String),
    is_entrypoint Bool,
    is_lazy Bool,
    begins Bool,
    number SimpleAggregateFunction(sum, UInt64),
    errors SimpleAggregateFunction(sum, UInt64),
    buckets SimpleAggregateFunction(sumMap, Map(UInt64, UInt64)),
    first_trace AggregateFunction(argMin, String, Int64)
) ENGINE = AggregatingMergeTree
ORDER BY (flow, step, inside, done, around, before, run, is_entrypoint, is_lazy, begins, version, day);

CREATE MATERIALIZED VIEW IF NOT EXISTS penstock_facts_view TO penstock_facts AS
@counts;

-- The spans that are there already. Run it once. What arrives meanwhile may be counted twice.
INSERT INTO penstock_facts
@counts;
