-- State: how well somebody could decide about a question, from 1 to 5; their words stand in the log.
CREATE TABLE ratings (
    approval TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    team     TEXT    NOT NULL,
    rating   INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    at       INTEGER NOT NULL,
    PRIMARY KEY (approval, person)
) STRICT, WITHOUT ROWID;

-- Whether the verdict put something else in the place of what was asked about.
ALTER TABLE approvals ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
CREATE INDEX approvals_asked ON approvals (team, asked_at);

-- What ended lately, for objectives: all that they look at, so that a count touches no row.
CREATE INDEX traces_by_end
    ON traces (team, ended, status, agent, flow, started, human, cost, denials) WHERE ended IS NOT NULL AND sort = 'task';
