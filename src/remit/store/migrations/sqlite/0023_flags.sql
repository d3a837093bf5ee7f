-- State: feature flags as they stand.
CREATE TABLE flags (
    team    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('tool', 'route', 'value')),
    target  TEXT    NOT NULL DEFAULT '',
    said    TEXT    NOT NULL,
    percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
    salt    TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    set_by  TEXT    NOT NULL,
    PRIMARY KEY (team, name)
) STRICT, WITHOUT ROWID;
