-- Projections: what can be found. Nothing here can be read without the workspace's secret: a text is a bag of keyed signs of
-- its words and a keyed vector, and what is shown of it is fetched from the log.

-- A text: what one event says. `n` is made of the position of the event, so a later one has a larger number.
CREATE TABLE search_documents (
    n       bigint NOT NULL PRIMARY KEY,
    run     text COLLATE "C" NOT NULL,
    seq     bigint NOT NULL,
    path    text   NOT NULL,
    part    text   NOT NULL,
    at      bigint NOT NULL,
    team    text   NOT NULL,
    flow    text   NOT NULL,
    agent   text   NOT NULL,
    tool    text   NOT NULL,
    model   text   NOT NULL,
    error   text   NOT NULL,
    readers text   NOT NULL,
    key_id  text   NOT NULL,
    words   text   NOT NULL,
    vector  bytea  NOT NULL
);
CREATE INDEX search_documents_by_key ON search_documents (key_id);
CREATE INDEX search_documents_by_run ON search_documents (run, n);
CREATE INDEX search_documents_by_word ON search_documents USING gin (string_to_array(words, ' '));

-- The first bits of many vectors at once, by columns: made of the documents, and made anew where one of them goes.
CREATE TABLE search_blocks (
    first bigint NOT NULL PRIMARY KEY,
    last  bigint NOT NULL,
    names bytea  NOT NULL,
    bits  bytea  NOT NULL
);
CREATE FUNCTION search_document_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_blocks WHERE old.n BETWEEN first AND last;
    RETURN NULL;
END $$;
CREATE TRIGGER search_document_goes AFTER DELETE ON search_documents
    FOR EACH ROW EXECUTE FUNCTION search_document_goes();
