-- State: writes that are claimed and have no definite answer yet, so that no equal one is performed beside them (S11).
CREATE TABLE open_writes (
    run         text COLLATE "C" NOT NULL,
    path        text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, path)
);
CREATE INDEX open_writes_by_fingerprint ON open_writes (fingerprint);
