-- Units of search are buried by their labels, no longer by their messages; public files are made anew and need none of the old.
DELETE FROM tombstones WHERE table_name = 'search_units';
