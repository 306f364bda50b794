-- What the vectors of each model have in common: see search/vector_centre.py.
CREATE TABLE vector_centres (
    model VARCHAR NOT NULL,
    centre BLOB NOT NULL
);
