-- State: feature flags as they stand.
CREATE TABLE flags (
    team    text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    kind    text COLLATE "C" NOT NULL CHECK (kind IN ('tool', 'route', 'value')),
    target  text COLLATE "C" NOT NULL DEFAULT '',
    said    text NOT NULL,
    percent bigint NOT NULL CHECK (percent BETWEEN 0 AND 100),
    salt    text NOT NULL,
    since   bigint NOT NULL,
    set_by  text NOT NULL,
    PRIMARY KEY (team, name)
);
