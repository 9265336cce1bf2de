-- How many spans are of steps, with a fact and without, and when.
SELECT countIf(has_fact) AS with_fact, countIf(NOT has_fact) AS without_fact, min(start) AS first_start, max(start) AS last_start
FROM (@spans)
WHERE step != ''
