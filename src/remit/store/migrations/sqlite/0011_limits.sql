-- State: the budgets and the rules of retention that are in force, and whether one person alone may change them. What
-- they say stands in the event at (stream, seq).
CREATE TABLE limits_in_force (
    team      TEXT    NOT NULL,
    name      TEXT    NOT NULL CHECK (name IN ('budgets', 'retention')),
    digest    TEXT    NOT NULL,
    protected INTEGER NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
    stream    TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    by        TEXT    NOT NULL,
    PRIMARY KEY (team, name)
) STRICT, WITHOUT ROWID;
