-- State: reports of the red team; what each says stands in the event at (stream, seq).
CREATE TABLE attack_reports (
    team    text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    whole   bigint NOT NULL,
    reached bigint NOT NULL,
    untried bigint NOT NULL,
    tried   bigint NOT NULL,
    stream  text COLLATE "C" NOT NULL,
    seq     bigint NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (team, id)
);
CREATE INDEX attack_reports_at ON attack_reports (team, at);

-- State: which process sees to the report that is due, so that it is made once.
CREATE TABLE attack_turns (
    team text COLLATE "C" NOT NULL,
    turn bigint NOT NULL,
    at   bigint NOT NULL,
    PRIMARY KEY (team, turn)
);
