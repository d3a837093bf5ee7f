-- State: writes that are claimed and have no definite answer yet, so that no equal one is performed beside them (S11).
CREATE TABLE open_writes (
    run         TEXT NOT NULL,
    path        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_writes_by_fingerprint ON open_writes (fingerprint);
