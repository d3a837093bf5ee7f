-- State: restores from a backup that a person declared, each as a note that the log signed.
CREATE TABLE restores (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0),
    at     BIGINT NOT NULL,
    note   TEXT   NOT NULL UNIQUE
);
