"""Author profiles: for each person who did not opt out, a page and a JSON file counted from the messages past the gate."""
