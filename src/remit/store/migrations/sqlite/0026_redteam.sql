-- State: reports of the red team; what each says stands in the event at (stream, seq).
CREATE TABLE attack_reports (
    team    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    whole   INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    untried INTEGER NOT NULL,
    tried   INTEGER NOT NULL,
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (team, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attack_reports_at ON attack_reports (team, at);

-- State: which process sees to the report that is due, so that it is made once.
CREATE TABLE attack_turns (
    team TEXT    NOT NULL,
    turn INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (team, turn)
) STRICT, WITHOUT ROWID;
