-- State: what a sentence model made of texts of the index, turned by a secret; under the key of the text, and gone with it.
-- An empty vector: the text is not shown to the model.
CREATE TABLE search_meanings (
    n bigint NOT NULL PRIMARY KEY,
    model text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    vector bytea NOT NULL
);
CREATE INDEX search_meanings_by_key ON search_meanings (key_id);
