-- Who decides on an item that waits, where its run is held to an approved script: the file may say something else by now.
alter table items add column decide_role text;
