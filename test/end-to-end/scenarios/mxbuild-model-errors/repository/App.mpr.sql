CREATE TABLE _MetaData(_ProductVersion TEXT, _BuildVersion TEXT, _SchemaHash TEXT);
INSERT INTO _MetaData VALUES ('10.12.3.41523', '10.12.3.41523', '');
CREATE TABLE Unit(UnitID BLOB NOT NULL, ContainerID BLOB, ContainmentName TEXT, TreeConflict LONG, ContentsHash TEXT, ContentsConflicts TEXT, PRIMARY KEY(UnitID));
