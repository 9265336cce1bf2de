-- Facts, counted whenever they are asked for.
CREATE OR REPLACE VIEW penstock_facts AS
@counts;
