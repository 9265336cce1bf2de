-- How many spans are of steps, with a fact and without, and when.
SELECT
    count(*) FILTER (has_fact) AS with_fact, count(*) FILTER (NOT has_fact) AS without_fact,
    coalesce(min("start"), 0) AS first_start, coalesce(max("start"), 0) AS last_start
FROM (@spans)
WHERE step <> ''
