-- State: the budgets and the rules of retention that are in force, and whether one person alone may change them. What
-- they say stands in the event at (stream, seq).
CREATE TABLE limits_in_force (
    team      text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL CHECK (name IN ('budgets', 'retention')),
    digest    text COLLATE "C" NOT NULL,
    protected bigint NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
    stream    text COLLATE "C" NOT NULL,
    seq       bigint NOT NULL,
    since     bigint NOT NULL,
    by        text NOT NULL,
    PRIMARY KEY (team, name)
);
